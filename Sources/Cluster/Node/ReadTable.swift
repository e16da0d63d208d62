import EventLoop
import Raft

/// ReadIndex questions under way, and confirmed ones whose index is not applied here yet.
///
/// All barriers that arrive while one question is out share the next one, so that however many
/// requests ask, the leader is asked once at a time. Freshness has questions of its own, which
/// barriers cannot crowd out.
struct ReadTable {
    /// Told the answer, once.
    typealias Waiter = (Result<LogIndex, ProposeError>) -> Void

    private struct Barrier {
        let key: UInt64
        let deadline: MonotonicInstant
        let waiter: Waiter
    }

    private struct Flight {
        let id: UInt64
        let askedAt: MonotonicInstant
        var barriers: [Barrier]
    }

    static let barriersMax = 8_192
    /// A question whose answer was lost is asked again after this.
    private static let flightMax: Duration = .milliseconds(500)

    private var nextID: UInt64 = 1
    private var freshness = FreshnessTracker()
    private var waiting: [Barrier] = []
    private var flight: Flight?
    private var confirmed: [(index: LogIndex, barriers: [Barrier])] = []

    private var barriersCount: Int {
        waiting.count + (flight?.barriers.count ?? 0) + confirmed.reduce(0) { $0 + $1.barriers.count }
    }

    mutating func makeKey() -> UInt64 {
        defer { nextID += 1 }
        return nextID
    }

    // MARK: - Freshness

    var lastFreshnessAskedAt: MonotonicInstant? { freshness.lastAskedAt.map(MonotonicInstant.init(nanoseconds:)) }

    mutating func askAgainNow() { freshness.askSoon() }

    /// The id of a question whose answer will prove this member current as of `now`.
    mutating func askFreshness(at now: MonotonicInstant) -> UInt64 {
        let id = makeKey()
        freshness.asked(id, at: now.nanoseconds)
        return id
    }

    mutating func dropFreshness() { freshness.distrustClock() }

    // MARK: - Barriers

    mutating func add(key: UInt64, deadline: MonotonicInstant, _ waiter: @escaping Waiter) {
        guard barriersCount < Self.barriersMax else { return waiter(.failure(.busy)) }
        waiting.append(Barrier(key: key, deadline: deadline, waiter: waiter))
    }

    /// The id of the question to ask now, if one is due.
    mutating func takeQuestion(now: MonotonicInstant) -> UInt64? {
        if let lost = flight, now - lost.askedAt >= Self.flightMax {
            waiting = lost.barriers + waiting
            flight = nil
        }
        guard flight == nil, !waiting.isEmpty else { return nil }
        let id = makeKey()
        flight = Flight(id: id, askedAt: now, barriers: waiting)
        waiting = []
        return id
    }

    /// Whoever waited has gone.
    mutating func cancel(_ key: UInt64) {
        remove { $0.key == key }.forEach { $0.waiter(.failure(.cancelled)) }
    }

    mutating func expire(now: MonotonicInstant) {
        freshness.expire(at: now.nanoseconds)
        guard barriersCount > 0 else { return }
        remove { $0.deadline <= now }.forEach { $0.waiter(.failure(.noLeader)) }
    }

    mutating func failAll(_ error: ProposeError) {
        remove { _ in true }.forEach { $0.waiter(.failure(error)) }
    }

    private mutating func remove(where isGone: (Barrier) -> Bool) -> [Barrier] {
        var gone = waiting.filter(isGone)
        waiting.removeAll(where: isGone)
        gone += flight?.barriers.filter(isGone) ?? []
        flight?.barriers.removeAll(where: isGone)
        for position in confirmed.indices {
            gone += confirmed[position].barriers.filter(isGone)
            confirmed[position].barriers.removeAll(where: isGone)
        }
        confirmed.removeAll { $0.barriers.isEmpty }
        return gone
    }

    // MARK: - Answers

    mutating func confirm(_ read: ConfirmedRead) {
        if freshness.confirmed(read.id, at: read.index) { return }
        if let landed = flight, landed.id == read.id {
            confirmed.append((read.index, landed.barriers))
            flight = nil
        }
    }

    /// Nobody answered: barriers wait for the next question, freshness asks by the clock.
    mutating func failed(_ id: UInt64) {
        freshness.failed(id)
        guard let lost = flight, lost.id == id else { return }
        waiting = lost.barriers + waiting
        flight = nil
    }

    /// The newest instant proved by what is applied now.
    mutating func takeProof(applied: LogIndex) -> MonotonicInstant? {
        freshness.takeProof(applied: applied).map(MonotonicInstant.init(nanoseconds:))
    }

    mutating func answerBarriers(applied: LogIndex) {
        for ready in confirmed where ready.index <= applied {
            for barrier in ready.barriers { barrier.waiter(.success(applied)) }
        }
        confirmed.removeAll { $0.index <= applied }
    }
}
