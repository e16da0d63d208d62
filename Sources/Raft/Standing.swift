/// What a member is at the moment.
enum Standing: Equatable, Sendable {
    case follower
    /// Asking whether an election could be won, without disturbing anybody (thesis §9.6).
    case preCandidate(Poll)
    case candidate(Poll)
    case leader
}

/// One round of asking for votes.
struct Poll: Equatable, Sendable {
    /// Replies to any other round are dropped (docs/consensus.md §3).
    let round: UInt64
    /// Sorted by arrival, without duplicates.
    private(set) var grants: [MemberID] = []
    /// The operation that makes our own vote durable; it counts only then. nil for a pre-vote.
    let voteOperation: UInt64?

    init(round: UInt64, voteOperation: UInt64? = nil) {
        self.round = round
        self.voteOperation = voteOperation
    }

    mutating func grant(from member: MemberID) {
        if !grants.contains(member) { grants.append(member) }
    }

    /// Only voters of the candidate's own configuration count.
    func isWon(in configuration: Configuration) -> Bool {
        let count = grants.count { configuration.isVoter($0) }
        return count >= configuration.majority
    }
}

/// What only a leader has; reset with every reign.
struct Reign: Sendable {
    /// Voters and learners but for the leader itself, sorted by id.
    var peers: [Progress] = []
    var reads = ReadRounds()
    var snapshots = OutgoingSnapshots()
    /// Payload bytes above the commit index. Exactly zero when everything is committed.
    var uncommittedBytes = 0
    var heartbeatDueAt: UInt64 = 0
    /// When lost probes are sent again; moved by ticks alone.
    var retryDueAt: UInt64 = 0

    func slot(of member: MemberID) -> Int? { peers.firstIndex { $0.id == member } }
}

/// What this step changes on disk; becomes one operation at its end.
struct StagedChange: Sendable {
    var hardState: HardState?
    var truncateFrom: LogIndex?
    var entries: [Entry] = []
    var base: LogBase?
    var install: SnapshotDescriptor?

    var isEmpty: Bool {
        hardState == nil && truncateFrom == nil && entries.isEmpty && base == nil && install == nil
    }

    /// What this makes durable, if anything.
    var covers: LogIndex? { entries.last?.index ?? install?.position.index }
}

extension RaftCore {
    package var role: RaftRole {
        switch standing {
        case .follower: .follower
        case .preCandidate: .preCandidate
        case .candidate: .candidate
        case .leader: .leader
        }
    }

    package var isLeader: Bool { standing == .leader }
    package var incomingSnapshot: SnapshotProgress? { incoming?.progress }
    package var isRecovering: Bool { lost != nil }
    package var term: Term { hardState.term }
    package var lastIndex: LogIndex { log.last.index }
    package var durableIndex: LogIndex { disk.durable }
    package var configuration: Configuration {
        (mutated(.changesAtCommit) ? configurations.committed : configurations.current).configuration
    }

    package var status: RaftStatus {
        RaftStatus(
            id: id, role: role, term: term, leader: leader, commitIndex: commitIndex, appliedIndex: appliedIndex,
            lastIndex: lastIndex, durableIndex: durableIndex, configuration: configurations.current,
            learners: learners, uncommittedBytes: reign.uncommittedBytes, peers: reign.peers.map(peerStatus), alarm: alarm,
            base: log.base, isRecovering: isRecovering, transferTarget: transfer?.target,
            incomingSnapshot: incoming?.progress)
    }

    private func peerStatus(_ peer: Progress) -> PeerStatus {
        PeerStatus(
            id: peer.id, isVoter: peer.isVoter, match: peer.match,
            isActive: peer.isProvenActive(at: clock.now, within: settings.electionTicks),
            isCaughtUp: peer.isCaughtUp(with: lastIndex, at: clock.now, within: settings.electionTicks),
            snapshot: peer.snapshotProgress)
    }
}
