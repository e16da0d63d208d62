/// One member's part in the replicated log: inputs in, work out, and nothing else (docs/consensus.md §1).
///
/// No clock, socket, disk, lock or global is inside; the same inputs give the same outputs on any machine.
/// Nothing that is iterated has an order of its own: all collections are arrays, sorted where order matters.
///
/// What leaves in `RaftOutput.messages` may be sent at once. A message or a committed entry that relies on
/// something not yet on disk stays inside until the storage operation it needs is reported persisted.
package struct RaftCore: Sendable {
    package let id: MemberID
    package let settings: RaftSettings

    /// Term, vote, log and configurations as they will be once all issued operations have completed.
    var hardState: HardState
    var log: RaftLog
    var configurations: ConfigurationHistory
    var disk: DiskLedger
    var staged = StagedChange()

    /// applied ≤ delivered ≤ min(commit, durable) ≤ last (docs/consensus.md §11, W8).
    package internal(set) var commitIndex: LogIndex
    var deliveredIndex: LogIndex
    package internal(set) var appliedIndex: LogIndex

    var standing = Standing.follower
    package internal(set) var leader: MemberID?
    var learners: [MemberID] = []
    var clock: ElectionClock
    var lastPoll: UInt64
    var forwardedReads: ForwardedReads
    /// Unique within this run, so that an answer to a load of an earlier reign is recognised.
    var lastLoad: UInt64 = 0

    /// Through here the applied state is durable by itself.
    var stateDurableIndex: LogIndex
    var incoming: IncomingSnapshot?
    var healing: Healing?
    /// What was acknowledged, while the log does not hold it.
    package internal(set) var lost: AckMark?

    var transfer: Transfer?
    /// Who asked for it.
    var transferRequests: [UInt64] = []

    /// Empty unless this member leads.
    var reign = Reign()

    /// Set once a safety rule was seen broken; from then on no input has any effect.
    package internal(set) var alarm: SafetyAlarm?
    var output = RaftOutput()

    #if CREDENCE_MUTANTS
    package var mutant: Mutant?
    #endif

    /// `seed` must be fresh and random at every start: besides the election jitter it keeps the tokens of
    /// forwarded reads apart from those of an earlier run.
    package init(id: MemberID, settings: RaftSettings, restored: RestoredState, seed: UInt64) throws(RestoreError) {
        let settings = settings.sanitized()
        self.id = id
        self.settings = settings
        hardState = restored.hardState
        log = try RaftLog(restored: restored, settings: settings)
        configurations = try ConfigurationHistory(restored: restored)
        disk = DiskLedger(durable: log.last.index)
        // The commit index is not kept on disk: what was applied was committed, the rest a leader will say
        // (Raft figure 2; docs/consensus.md §2 "Restart").
        commitIndex = max(restored.applied, log.base.index)
        deliveredIndex = commitIndex
        appliedIndex = commitIndex
        stateDurableIndex = log.base.index
        if let mark = restored.mark, !log.holds(mark.position) { lost = mark }
        _ = configurations.commit(through: commitIndex)
        var nonces = SplitMix64(seed: ~seed)
        lastPoll = nonces.next() >> 1
        forwardedReads = ForwardedReads(nonce: nonces.next())
        clock = ElectionClock(electionTicks: settings.electionTicks, heartbeatTicks: settings.heartbeatTicks, seed: seed)
    }

    package mutating func step(_ input: RaftInput) -> RaftOutput {
        guard alarm == nil else { return RaftOutput() }
        let before = (role, hardState.term, leader)
        dispatch(input)
        deliverCommitted()
        announceCommit()
        if let alarm {
            // Nothing decided together with a broken rule may take effect.
            output = RaftOutput()
            output.events.append(.stopped(alarm))
        } else {
            if (role, hardState.term) != (before.0, before.1) {
                output.events.append(.roleChanged(role, term: hardState.term))
            }
            if leader != before.2 { output.events.append(.leaderChanged(leader, term: hardState.term)) }
            issueStaged()
        }
        var done = RaftOutput()
        swap(&done, &output)
        return done
    }

    private mutating func dispatch(_ input: RaftInput) {
        switch input {
        case .tick: tick()
        case .received(let message): receive(message)
        case .propose(let id, let payload): propose([Proposal(id: id, payload: payload)])
        case .proposeBatch(let proposals): propose(proposals)
        case .proposeConfiguration(let id, let configuration): propose(configuration, id: id)
        case .setLearners(let members): setLearners(members)
        case .readIndex(let id): read(id: id)
        case .persisted(let operation): persisted(upTo: operation)
        case .applied(let index): applied(through: index)
        case .loaded(let loaded): receive(loaded)
        case .transferLeadership(let id, let member): transferLeadership(id: id, to: member)
        case .stateDurable(let index): compact(through: index)
        case .snapshotReady(let id, let descriptor): snapshotReady(id, descriptor)
        case .snapshotUnavailable(let id): snapshotUnavailable(id)
        case .chunkRead(let chunk): chunkRead(chunk)
        case .snapshotStaged(let id, let byteCount): snapshotStaged(id, byteCount: byteCount)
        case .snapshotVerified(let id, let isSound): snapshotVerified(id, isSound: isSound)
        case .heal: heal()
        }
    }

    private mutating func tick() {
        clock.tick()
        if isLeader { tickAsLeader() } else { tickAsFollower() }
        tickSnapshot()
    }

    mutating func stop(_ alarm: SafetyAlarm) {
        if self.alarm == nil { self.alarm = alarm }
    }
}
