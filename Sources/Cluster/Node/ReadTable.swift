import HashTreeCollections
import EventLoop
import Raft

/// ReadIndex questions under way, and confirmed ones whose index is not applied here yet.
struct ReadTable {
    typealias Waiter = CheckedContinuation<Result<LogIndex, ProposeError>, Never>

    enum Purpose {
        /// A proof of currency as of this instant, noted before the question was asked.
        case freshness(asOf: MonotonicInstant)
        case barrier(deadline: MonotonicInstant, Waiter)
    }

    /// Barriers come from requests that each hold a connection; this is the last line.
    static let countMax = 8_192

    private var nextID: UInt64 = 1
    private var asked: [UInt64: Purpose] = [:]
    private var confirmed: [(index: LogIndex, purpose: Purpose)] = []
    private var lost: [UInt64] = []
    private(set) var lastFreshnessAskedAt: MonotonicInstant?

    var count: Int { asked.count + confirmed.count }

    mutating func askAgainNow() {
        lastFreshnessAskedAt = nil
    }

    mutating func askedFreshness(at now: MonotonicInstant) -> UInt64 {
        lastFreshnessAskedAt = now
        return add(.freshness(asOf: now))
    }

    mutating func add(_ purpose: Purpose) -> UInt64 {
        defer { nextID += 1 }
        asked[nextID] = purpose
        return nextID
    }

    mutating func confirm(_ read: ConfirmedRead) {
        guard let purpose = asked.removeValue(forKey: read.id) else { return }
        confirmed.append((read.index, purpose))
    }

    /// The question got no answer; only a barrier is worth asking again.
    mutating func failed(_ id: UInt64) {
        guard let purpose = asked[id] else { return }
        if case .barrier = purpose { lost.append(id) } else { asked[id] = nil }
    }

    /// Barriers to ask again, under the ids they have.
    mutating func takeLost() -> [UInt64] {
        defer { lost = [] }
        return lost.filter { asked[$0] != nil }
    }

    /// Takes out what may be served at this applied index.
    mutating func takeServable(applied: LogIndex) -> [Purpose] {
        guard confirmed.contains(where: { $0.index <= applied }) else { return [] }
        let servable = confirmed.filter { $0.index <= applied }.map(\.purpose)
        confirmed.removeAll { $0.index <= applied }
        return servable
    }

    /// A freshness question without an answer is dropped when it could prove nothing any more.
    mutating func expire(now: MonotonicInstant) {
        for (id, purpose) in asked where Self.isLate(purpose, now: now) {
            asked[id] = nil
            Self.answer(purpose, .failure(.noLeader))
        }
        let late = confirmed.filter { Self.isLate($0.purpose, now: now) }
        guard !late.isEmpty else { return }
        confirmed.removeAll { Self.isLate($0.purpose, now: now) }
        for read in late { Self.answer(read.purpose, .failure(.noLeader)) }
    }

    mutating func failAll(_ error: ProposeError) {
        let all = asked.values + confirmed.map(\.purpose)
        asked = [:]
        confirmed = []
        for purpose in all { Self.answer(purpose, .failure(error)) }
    }

    static func answer(_ purpose: Purpose, _ answer: Result<LogIndex, ProposeError>) {
        guard case .barrier(_, let waiter) = purpose else { return }
        waiter.resume(returning: answer)
    }

    private static let freshnessQuestionMax: Duration = .seconds(30)

    private static func isLate(_ purpose: Purpose, now: MonotonicInstant) -> Bool {
        switch purpose {
        case .freshness(let asOf): asOf + freshnessQuestionMax <= now
        case .barrier(let deadline, _): deadline <= now
        }
    }
}
