/// A leader's reads, waiting for proof that it still leads.
///
/// A read is confirmed by a heartbeat round that *started after it arrived* and was answered by a majority.
/// Rounds are numbered by a counter private to this leader and term, never by anything a caller chose:
/// reused request ids gave etcd stale reads (docs/consensus.md §5).
struct ReadRounds: Sendable {
    enum Origin: Equatable, Sendable {
        case local(id: UInt64)
        case peer(MemberID, token: UInt64)
    }

    struct Read: Equatable, Sendable {
        let origin: Origin
        let index: LogIndex
    }

    private struct Asked: Sendable {
        let read: Read
        let round: UInt64
    }

    /// Arrived since the last round started.
    private var waiting: [Origin] = []
    private var asked: [Asked] = []
    private(set) var lastRound: UInt64 = 0

    var count: Int { waiting.count + asked.count }
    var isWaiting: Bool { !waiting.isEmpty }
    var isAsking: Bool { !asked.isEmpty }

    mutating func add(_ origin: Origin) { waiting.append(origin) }

    /// Starts the next round. `index` is the commit index, or nil while the leader has not committed in its
    /// own term and therefore does not know what is committed (Raft §8).
    mutating func startRound(at index: LogIndex?, isNumbered: Bool = true) {
        if isNumbered || lastRound == 0 { lastRound += 1 }
        if let index {
            for origin in waiting { asked.append(Asked(read: Read(origin: origin, index: index), round: lastRound)) }
            waiting = []
        }
    }

    /// A majority has answered `round`.
    mutating func confirm(through round: UInt64) -> [Read] {
        let count = asked.firstIndex { $0.round > round } ?? asked.count
        let confirmed = asked.prefix(count).map(\.read)
        asked.removeFirst(count)
        return confirmed
    }

    /// Ends all reads: the leader leads no more, or hands over. The number of the last round stays, because
    /// a leader that goes on must not take an answer to an earlier round for one to a round of the same number.
    mutating func fail(keepsCounting: Bool = true) -> [Origin] {
        defer { (asked, waiting) = ([], []) }
        if !keepsCounting { lastRound = 0 }
        return asked.map(\.read.origin) + waiting
    }
}
