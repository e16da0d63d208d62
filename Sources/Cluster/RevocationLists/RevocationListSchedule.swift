import EventLoop
import TrustStore

/// When the leader fetches the CRL of each authority that says where it is. A value: time and chance are given to it.
///
/// The owner calls `follow` and then `begin` now and then, fetches what `begin` names, and says with `ended` what came of it.
struct RevocationListSchedule {
    struct Source: Equatable {
        let url: String
        /// From one fetch that succeeded to the next.
        let refreshSeconds: Int64
    }

    enum Ending: Equatable {
        /// With the time from now to the list's nextUpdate.
        case done(nextUpdateInSeconds: Int64)
        case failed
    }

    private struct Entry {
        var source: Source
        var dueAt: MonotonicInstant
        var isUnderWay = false
        /// In a row.
        var failures = 0
    }

    /// A list takes memory while it is read: so many of them at a time.
    static let concurrentMax = 2
    /// After the first failure; it doubles with each further one, up to the source's own interval.
    static let retrySecondsMin: Int64 = 10
    /// A list that runs out soon is asked for after half of the time it has left, and not more often than this.
    static let nearSecondsMin: Int64 = 60

    private var entries: [String: Entry] = [:]

    var isEmpty: Bool { entries.isEmpty }

    /// When the next fetch is due; nil while one is under way.
    func dueAt(_ authority: String) -> MonotonicInstant? {
        entries[authority].flatMap { $0.isUnderWay ? nil : $0.dueAt }
    }

    func failures(of authority: String) -> Int { entries[authority]?.failures ?? 0 }

    /// A source that is new, or has changed, is due at once.
    mutating func follow(_ sources: [String: Source], now: MonotonicInstant) {
        entries = entries.filter { sources[$0.key] == $0.value.source }
        for (authority, source) in sources where entries[authority] == nil { entries[authority] = Entry(source: source, dueAt: now) }
    }

    /// The authorities whose fetch begins now, the longest due first.
    mutating func begin(now: MonotonicInstant) -> [String] {
        let room = Self.concurrentMax - entries.values.count(where: \.isUnderWay)
        let due = entries.filter { !$0.value.isUnderWay && $0.value.dueAt <= now }
            .sorted { ($0.value.dueAt, $0.key) < ($1.value.dueAt, $1.key) }.prefix(max(0, room)).map(\.key)
        for authority in due { entries[authority]?.isUnderWay = true }
        return due
    }

    /// - Parameters:
    ///   - source: as it was when the fetch began; another one by now is not put off by it.
    ///   - chance: from 0 up to 1. It spreads those who ask the same server, and only ever makes a fetch earlier.
    mutating func ended(_ authority: String, _ source: Source, _ ending: Ending, now: MonotonicInstant, chance: Double) {
        guard var entry = entries[authority], entry.source == source else { return }
        entry.isUnderWay = false
        let seconds: Int64
        switch ending {
        case .done(let left):
            entry.failures = 0
            seconds = Self.secondsAfterSuccess(refresh: source.refreshSeconds, nextUpdateIn: left)
        case .failed:
            entry.failures += 1
            seconds = Self.secondsAfterFailure(entry.failures, refresh: source.refreshSeconds)
        }
        let milliseconds = Double(seconds * 1_000)
        // Up to a tenth earlier after a success, up to a half after a failure, when all who failed would come back together.
        let spread = ending == .failed ? 0.5 : 0.1
        entry.dueAt = now + .milliseconds(Int64(milliseconds * (1 - spread * chance)))
        entries[authority] = entry
    }

    /// Of a leader that is none any more.
    mutating func clear() { entries = [:] }

    static func secondsAfterSuccess(refresh: Int64, nextUpdateIn left: Int64) -> Int64 {
        min(refresh, max(left / 2, min(nearSecondsMin, refresh)))
    }

    static func secondsAfterFailure(_ failures: Int, refresh: Int64) -> Int64 {
        min(refresh, retrySecondsMin << Int64(min(max(failures - 1, 0), 20)))
    }
}
