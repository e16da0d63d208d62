/// What a leader knows of one other member.
struct Progress: Sendable {
    enum Phase: Equatable, Sendable {
        /// Looking for the last common entry: one append at a time. `isAsked`: one is on its way.
        case probing(isAsked: Bool)
        /// In step: appends are sent ahead of their acknowledgements, up to a bound.
        case replicating
        /// It needs more than the log holds.
        case snapshotting
    }

    let id: MemberID
    var isVoter: Bool
    /// Known durable there. Never falls within a term.
    private(set) var match = LogIndex.zero
    /// The next entry to send.
    private(set) var next: LogIndex
    private(set) var phase = Phase.probing(isAsked: false)
    /// Last index of each append on its way, oldest first.
    private var inflight: [LogIndex] = []
    /// The load from disk this peer waits for.
    var load: UInt64?
    /// Present in phase `snapshotting`, and beside any other while the peer heals.
    private(set) var transfer: OutgoingTransfer?
    /// The commit index last told.
    var commitTold = LogIndex.zero
    var roundAcknowledged: UInt64 = 0
    /// When a peer that seems stuck was last asked what it holds.
    var probedAt: UInt64 = 0
    /// Ticks, by the leader's clock.
    private(set) var lastContact: UInt64
    /// It has answered this leader, in this term. Until then that it is active is only assumed.
    private(set) var hasAnswered = false
    private(set) var lastAdvance: UInt64
    private var catchUp: CatchUp

    /// A new member starts as recently heard of (docs/consensus.md §3): otherwise adding it could depose the leader.
    init(id: MemberID, isVoter: Bool, last: LogIndex, now: UInt64) {
        self.id = id
        self.isVoter = isVoter
        next = last.next
        lastContact = now
        lastAdvance = now
        catchUp = CatchUp(target: last, startedAt: now)
    }

    func isActive(at now: UInt64, within ticks: Int) -> Bool { now - lastContact < UInt64(ticks) }

    /// Not only assumed to be there: what takes a vote away, or hands the term over, must not rest on an assumption.
    func isProvenActive(at now: UInt64, within ticks: Int) -> Bool { hasAnswered && isActive(at: now, within: ticks) }

    /// Whether this member could join the voters without holding commitment up.
    func isCaughtUp(with last: LogIndex, at now: UInt64, within ticks: Int) -> Bool {
        let isMoving = match == last || now - lastAdvance < UInt64(ticks)
        return phase == .replicating && isMoving && catchUp.isQuick(at: now, within: UInt64(ticks))
    }

    func hasRoom(inflightMax: Int) -> Bool {
        guard load == nil else { return false }
        return phase == .replicating ? inflight.count < inflightMax : phase == .probing(isAsked: false)
    }

    mutating func heard(at now: UInt64) {
        lastContact = now
        hasAnswered = true
    }

    /// An append whose last entry is `through` was sent.
    mutating func sent(through: LogIndex) {
        switch phase {
        case .probing: phase = .probing(isAsked: true)
        case .replicating where through >= next:
            next = through.next
            inflight.append(through)
        case .replicating, .snapshotting: break
        }
    }

    /// The follower holds everything up to `through`. `last` is the leader's last index.
    mutating func accepted(through: LogIndex, last: LogIndex, now: UInt64) {
        if through > match {
            match = through
            lastAdvance = now
        }
        inflight.removeAll { $0 <= through }
        // A member that heals may hold more than the snapshot it was sent.
        let hasSnapshot = phase == .snapshotting && transfer?.offered.map { $0.position.index <= through } ?? false
        if phase != .replicating, through >= match || hasSnapshot {
            if hasSnapshot || transfer?.healsFrom == nil { transfer = nil }
            phase = .replicating
            inflight = []
            next = match.next
        }
        next = max(next, match.next)
        catchUp.advanced(to: match, last: last, now: now)
    }

    /// Whether a refusal of `previous` speaks of the append that is waiting, and not of one long answered
    /// (docs/consensus.md §4).
    func isCurrentRejection(of previous: LogIndex) -> Bool {
        guard previous > match else { return false }
        switch phase {
        case .replicating: return previous < next
        case .probing: return previous.next == next
        case .snapshotting: return false
        }
    }

    mutating func rejected(of previous: LogIndex, retryAfter candidate: LogIndex) {
        next = max(match.next, min(previous, candidate.next))
        phase = .probing(isAsked: false)
        inflight = []
    }

    /// The peer's disk lost what it had acknowledged; of the log it can hold no more than up to `candidate`.
    mutating func lost(retryAfter candidate: LogIndex) {
        guard candidate < match else { return }
        match = .zero
        commitTold = .zero
        next = candidate.next
        phase = .probing(isAsked: false)
        inflight = []
        load = nil
        transfer = nil
    }

    // MARK: Snapshots

    /// It needs more than the log holds.
    mutating func beginSnapshot(now: UInt64) {
        phase = .snapshotting
        inflight = []
        load = nil
        if transfer == nil { transfer = OutgoingTransfer(activeAt: now) }
    }

    /// Whether the peer seems to heal: it asks again by itself, for as long as it needs to, and says when it is done, which
    /// may be lost. One that has fallen silent about it is taken at its word as a voter.
    func heals(at now: UInt64, patience: UInt64) -> Bool {
        guard let transfer, transfer.healsFrom != nil else { return false }
        return now - transfer.activeAt < patience
    }

    /// One that heals asks again by itself, for as long as it needs to.
    var awaitsOffer: Bool { phase == .snapshotting || (transfer != nil && transfer?.offered == nil) }

    mutating func beginHealing(from index: LogIndex, now: UInt64) {
        if transfer?.healsFrom != index { transfer = OutgoingTransfer(healsFrom: index, activeAt: now) }
    }

    /// It has healed, or its questions have ended.
    mutating func healingEnded() {
        if phase != .snapshotting { transfer = nil }
    }

    mutating func offered(_ descriptor: SnapshotDescriptor, now: UInt64) {
        if transfer?.offered != descriptor.id { transfer?.bytesDone = 0 }
        transfer?.offered = descriptor.id
        transfer?.bytesTotal = descriptor.byteCount
        transfer?.activeAt = now
        transfer?.chunkRead = nil
    }

    mutating func wants(from offset: UInt64, read: UInt64, now: UInt64) {
        transfer?.bytesDone = offset
        transfer?.chunkRead = read
        transfer?.activeAt = now
    }

    mutating func chunkReadEnded() { transfer?.chunkRead = nil }

    var snapshotProgress: SnapshotProgress? {
        guard let transfer, let offered = transfer.offered else { return nil }
        return SnapshotProgress(
            index: offered.position.index, bytesDone: transfer.bytesDone, bytesTotal: transfer.bytesTotal)
    }

    /// The answer may be lost: ask again.
    mutating func askAgain() {
        if case .probing = phase { phase = .probing(isAsked: false) }
    }
}

/// How fast a member takes in what the leader has, in rounds: each round ends when the member holds what the
/// leader's log held at the round's start (thesis §4.2.1).
private struct CatchUp: Sendable {
    /// Where the present round ends; nil while the member holds everything.
    private var target: LogIndex?
    private var startedAt: UInt64
    private var lastRoundTicks: UInt64?

    init(target: LogIndex, startedAt: UInt64) {
        self.target = target
        self.startedAt = startedAt
    }

    mutating func advanced(to match: LogIndex, last: LogIndex, now: UInt64) {
        if let target {
            guard match >= target else { return }
            lastRoundTicks = now - startedAt
        }
        target = match < last ? last : nil
        startedAt = now
    }

    /// It holds everything, or its last round was shorter than an election timeout and the present one
    /// is so far. How long a round took that is over and left nothing behind says nothing: in a cluster
    /// without writes there would never be another one to do better.
    func isQuick(at now: UInt64, within ticks: UInt64) -> Bool {
        guard let lastRoundTicks else { return false }
        guard target != nil else { return true }
        return lastRoundTicks <= ticks && now - startedAt <= ticks
    }
}
