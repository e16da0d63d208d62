import HashTreeCollections
import Crypto
import EventLoop
import Logging
import Raft
import Storage
import Synchronization
import Tokens
import TrustStore

/// One member's part in the log: drives the Raft core, applies what is committed, and carries
/// changes to the leader. Everything here runs on the cluster loop, which never waits for a disk,
/// a signature or a request.
///
/// Each input goes through the core at once; what comes out is performed before the next input, so
/// the order in which the core asked for things is the order in which they happen.
actor Node {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    nonisolated let identity: MemberIdentity
    nonisolated let box: ViewBox
    let storage: StorageThread
    let timing: MemberTiming
    let logger: Logger

    var core: RaftCore
    var state: TrustState
    var keys: KeyRing
    /// Where the state stands, and the hashes over how it came there.
    var applied: AppliedPoint
    var run = RunState.running

    /// Inputs that arrived while another was being performed; taken first in, first out.
    private var inputs: [RaftInput] = []
    private var isStepping = false

    var pending: [RequestID: PendingProposal] = [:]
    var offers = OfferTable()
    var indexWaiters = IndexWaiters()
    var reads = ReadTable()
    var transfers = TransferWaiters()
    var trail = AppliedTrail()
    /// Why this member is out of service; read by any request loop that is asked for readiness.
    nonisolated let quarantineNote = Mutex<String?>(nil)
    var lineageFile: LineageFile
    let lineageNonce: UInt64
    var lineageGrownAt: MonotonicInstant?
    /// Where this member was told to say that it is reached; nil when it was told nothing.
    let announcedAddresses: [String]?
    var addressesAnnouncedAt: MonotonicInstant?
    /// Of the newest membership that was looked at.
    var membersSeen: Set<MemberID> = []
    /// Of fetches; written where they end, read by any request loop that shows authorities.
    nonisolated let listBook = Mutex(RevocationListBook())
    let scrubPeriod: Duration
    var scrubbedAt: MonotonicInstant?
    private var snapshotSaidAt: MonotonicInstant?
    /// Nil once this run has caught up.
    private var catchUpSaidAt: MonotonicInstant? = MonotonicInstant(nanoseconds: 0)
    var effects = EffectWaiters()
    /// Of each removal that this member knows of.
    var removedSeen: [MemberID: RemovalSeen] = [:]
    /// Who knocked since, and was told.
    var removedTold: Set<MemberID> = []
    var links: [MemberID: PeerLink] = [:]
    var inbound: [ObjectIdentifier: InboundPeer] = [:]
    var reports: [MemberID: ReceivedReport] = [:]
    nonisolated let bootstrapPeers: [MemberFile.Peer]
    var housekeeping = Housekeeping()
    /// Parsed once for each membership, because parsing a certificate is slow.
    var certificateExpiries: [MemberID: Int64] = [:]
    var onServerIdentity: (@Sendable (TLSServerIdentity) -> Void)?
    /// Told the fingerprints of client certificates that are trusted no more, once no view of this member trusts them.
    var onDistrust: (@Sendable (Set<String>) -> Void)?
    let onHalt: @Sendable (String) -> Void
    /// Told what is applied, once this member's view has it.
    nonisolated let onApplied = HandlerBox<AppliedChanges>()
    nonisolated let onClusterEvent = HandlerBox<ClusterEvent>()
    var watch = ClusterWatch()
    /// Written here once, read by any request loop that is asked for readiness.
    private nonisolated let haltNote = Mutex<String?>(nil)
    private var clocks = ClockWatch()
    /// When each member's clock was last complained of.
    var clocksSaidAt: [MemberID: MonotonicInstant] = [:]
    private var ticker: LoopTimer?
    private var progress: ProgressReport?
    var lastStampMilliseconds: Int64 = 0
    var lastReportAt: MonotonicInstant?
    var lastReportedIndex = LogIndex.zero

    enum RunState: Equatable {
        case running
        /// Out of the log for good, for the reason given; verification lasts as long as freshness does.
        case halted(String)
        case stopped
    }

    init(_ parts: NodeParts, onHalt: @escaping @Sendable (String) -> Void) {
        loop = parts.loop
        identity = parts.identity
        box = parts.box
        storage = parts.storage
        timing = parts.timing
        logger = parts.logger
        core = parts.core
        state = parts.state
        keys = parts.keys
        applied = parts.applied
        lineageFile = parts.lineage
        lineageNonce = parts.lineageNonce
        scrubPeriod = parts.scrubPeriod
        announcedAddresses = parts.announcedAddresses
        trail.begin(at: parts.applied)
        bootstrapPeers = parts.bootstrapPeers
        self.onHalt = onHalt
    }

    func start(
        onServerIdentity: @escaping @Sendable (TLSServerIdentity) -> Void, onDistrust: @escaping @Sendable (Set<String>) -> Void
    ) {
        self.onServerIdentity = onServerIdentity
        self.onDistrust = onDistrust
        storage.onEvent { [weak self] event in
            guard let self else { return }
            self.assumeIsolated { $0.received(event) }
        }
        membershipChanged()
        publishServerIdentity()
        let timer = LoopTimer(on: loop)
        timer.schedule(after: timing.tick, repeating: timing.tick) { [weak self] in
            self?.assumeIsolated { $0.tick() }
        }
        ticker = timer
    }

    func stop() {
        guard run != .stopped else { return }
        run = .stopped
        ticker?.cancel()
        ticker = nil
        box.view.proven.clear()
        failWaiters(.stopping)
        for link in links.values { link.close() }
        for peer in inbound.values { peer.close() }
        links = [:]
        inbound = [:]
    }

    /// From now on, until `stop`.
    func reportProgress(every period: Duration, _ tell: @escaping @Sendable () -> Void) {
        progress = ProgressReport(every: period, tell)
    }

    private func tick() {
        guard run != .stopped else { return }
        let now = MonotonicInstant.now()
        defer { progress?.ticked(now: now) }
        distrustClocks(now: now)
        if run == .running { step(.tick) }
        expireWaiters(now: now)
        watchCluster(now: now)
        guard run == .running else { return }
        offerPending(now: now)
        askBarriers(now: now)
        keepFresh(now: now)
        reportToPeers(now: now)
        keepHouse(now: now)
        announceAddresses(now: now)
        growLineage(now: now)
        scrub(now: now)
        saySnapshotProgress(now: now)
        sayCatchUp(now: now)
        for (peer, link) in links {
            link.resetIfSilent(lastHeard: reports[peer]?.at, now: now)
            link.tick(now: now)
        }
        flushLinks()
    }

    /// A long transfer shows on the terminal that it goes on.
    private func saySnapshotProgress(now: MonotonicInstant) {
        guard let progress = core.incomingSnapshot, progress.bytesTotal > 0 else { return snapshotSaidAt = nil }
        if let snapshotSaidAt, now - snapshotSaidAt < .seconds(1) { return }
        snapshotSaidAt = now
        let percent = progress.bytesDone * 100 / progress.bytesTotal
        logger.notice(
            "receiving a snapshot: \(percent) %",
            metadata: ["bytes": "\(progress.bytesDone)", "of": "\(progress.bytesTotal)", "index": "\(progress.index)"])
    }

    /// From the start until this member vouches for the first time: how far it is, once a second.
    private func sayCatchUp(now: MonotonicInstant) {
        guard let said = catchUpSaidAt, core.leader != nil else { return }
        if box.view.freshness(now: now).isFresh {
            catchUpSaidAt = nil
            sayIfSecretsStayClosed()
            return logger.notice("caught up; this member vouches for tokens", metadata: ["index": "\(appliedIndex)"])
        }
        guard now - said >= .seconds(1), core.incomingSnapshot == nil else { return }
        catchUpSaidAt = now
        let known = max(core.commitIndex.rawValue, reports.values.map(\.report.commitIndex.rawValue).max() ?? 0)
        logger.notice("catching up", metadata: ["applied": "\(appliedIndex)", "committed": "\(known)"])
    }

    var isCatchingUp: Bool { catchUpSaidAt != nil }

    /// An age measured over a jump may be too small, and so may that of a question asked before it:
    /// both are dropped, and the next answer proves this member current again.
    private func distrustClocks(now: MonotonicInstant) {
        guard clocks.diverged(boot: now, wallMilliseconds: WallClock.nowMilliseconds()) else { return }
        box.view.proven.clear()
        reads.dropFreshness()
        logger.warning("the clocks of this machine moved apart; proving the state current again")
    }

    // MARK: - Driving the core

    func step(_ input: RaftInput) {
        inputs.append(input)
        guard !isStepping else { return }
        isStepping = true
        var position = 0
        while position < inputs.count, run == .running {
            let output = core.step(inputs[position])
            position += 1
            perform(output)
        }
        inputs.removeAll(keepingCapacity: true)
        isStepping = false
        flushLinks()
    }

    private func perform(_ output: RaftOutput) {
        for operation in output.storage { storage.append(operation) }
        for load in output.loads { storage.load(load) }
        for work in output.snapshots { storage.perform(work) }
        for message in output.messages { send(.raft(message), to: message.to) }
        for event in output.events { received(event) }
        for result in output.proposals { received(result) }
        for result in output.transfers { received(result) }
        apply(output.committed)
        for read in output.reads { confirmed(read) }
        for id in output.failedReads { failedRead(id) }
    }

    private func received(_ event: StorageEvent) {
        guard run == .running else { return }
        switch event {
        case .persisted(let operation): step(.persisted(upTo: operation))
        case .loaded(let entries): step(.loaded(entries))
        case .stateDurable(let index): step(.stateDurable(through: index))
        case .installed(let snapshot): installed(snapshot)
        case .snapshotReady(let id, let descriptor): step(.snapshotReady(id: id, descriptor))
        case .snapshotUnavailable(let id): step(.snapshotUnavailable(id: id))
        case .chunkRead(let chunk): step(.chunkRead(chunk))
        case .snapshotStaged(let id, let byteCount): step(.snapshotStaged(id, byteCount: byteCount))
        case .snapshotVerified(let id, let isSound): step(.snapshotVerified(id, isSound: isSound))
        case .snapshotTrouble(let reason): logger.warning("a snapshot or a scrub failed", metadata: ["reason": "\(reason)"])
        case .damaged(let reason): foundDamage(reason)
        case .archiveTroubled(let reason):
            logger.error("the audit archive cannot be written; the log grows meanwhile", metadata: ["reason": "\(reason)"])
        case .archiveDamaged(let reason):
            logger.critical(
                "the audit archive is not what was written; keep a copy of it, and take the record from another member",
                metadata: ["reason": "\(reason)"])
        case .archiveRecovered: logger.notice("the audit archive can be written again")
        case .troubled(let reason): logger.error("the log cannot be written", metadata: ["reason": "\(reason)"])
        case .recovered: logger.notice("the log can be written again")
        case .failed(let reason): halt(reason)
        }
    }

    private func received(_ event: RaftEvent) {
        switch event {
        case .roleChanged(let role, let term):
            logger.info("role changed", metadata: ["role": "\(role.rawValue)", "term": "\(term)"])
        case .leaderChanged(let leader, let term):
            logger.info("leader changed", metadata: ["leader": "\(leader.map(name(of:)) ?? "none")", "term": "\(term)"])
            reads.askAgainNow()
            transfers.leaderChanged(to: leader)
            trail.leaderChanged()
        case .steppedDown(let reason, let term):
            logger.notice("stepped down", metadata: ["reason": "\(reason)", "term": "\(term)"])
        case .configurationChanged(let record):
            logger.info("voters changed", metadata: ["voters": "\(names(of: record.configuration.voters))", "index": "\(record.index)"])
        case .configurationCommitted: break
        case .truncated(let index):
            logger.notice("uncommitted entries replaced", metadata: ["from": "\(index)"])
        case .peerNeedsSnapshot(let peer):
            logger.notice("a member is too far behind for the log and gets a snapshot", metadata: ["member": "\(name(of: peer))"])
        case .snapshotInstalled(let position):
            logger.notice("a snapshot took the place of log and state", metadata: ["index": "\(position.index)"])
        case .compacted(let base):
            logger.info("the log was cut", metadata: ["through": "\(base.position.index)"])
        case .recovered:
            logger.notice("everything this member had acknowledged is back; it takes part in elections again")
        case .ignoredMessage(let from, let reason):
            logger.debug("message ignored", metadata: ["from": "\(name(of: from))", "reason": "\(reason)"])
        case .stopped(let alarm):
            halt("the log contradicts itself (\(alarm)); stop this member and replace it")
        }
    }

    /// Takes this member out of the log, loudly. It can prove nothing new, so it soon stops vouching too.
    func halt(_ reason: String) {
        guard run == .running else { return }
        run = .halted(reason)
        haltNote.withLock { $0 = reason }
        logger.critical("this member left the log", metadata: ["reason": "\(reason)"])
        failWaiters(.halted(reason))
        for link in links.values { link.close() }
        links = [:]
        onHalt(reason)
    }

    nonisolated var haltedReason: String? { haltNote.withLock { $0 } }

    func failWaiters(_ error: ProposeError) {
        let waiting = Array(pending.values)
        pending = [:]
        for proposal in waiting { proposal.answer(.failure(proposal.ending(error))) }
        indexWaiters.failAll(error)
        transfers.failAll(TransferError(error))
        reads.failAll(error)
        effects.failAll(error)
    }

    private func expireWaiters(now: MonotonicInstant) {
        for proposal in Array(pending.values) where proposal.deadline <= now {
            pending[proposal.id] = nil
            proposal.answer(.failure(proposal.ending(.noLeader)))
        }
        indexWaiters.expire(now: now, applied: appliedIndex)
        reads.expire(now: now)
        transfers.expire(now: now)
        settleEffects(now: now)
    }

    func name(of member: MemberID) -> String {
        state.members[member]?.name ?? bootstrapPeers.first { $0.id == member }?.name ?? member.description
    }

    func names(of members: [MemberID]) -> String {
        members.map(name(of:)).joined(separator: ",")
    }
}

/// A removal, as this member learnt of it.
struct RemovalSeen {
    let at: MonotonicInstant
    /// What the member had said to have applied; zero when that is not known.
    let appliedIndex: LogIndex
}

/// What a node is made of; gathered by the start, given once.
struct NodeParts {
    let loop: EventLoop
    let identity: MemberIdentity
    let box: ViewBox
    let storage: StorageThread
    let timing: MemberTiming
    let logger: Logger
    let core: RaftCore
    let state: TrustState
    let applied: AppliedPoint
    let keys: KeyRing
    let bootstrapPeers: [MemberFile.Peer]
    let lineage: LineageFile
    let lineageNonce: UInt64
    let scrubPeriod: Duration
    let announcedAddresses: [String]?
}
