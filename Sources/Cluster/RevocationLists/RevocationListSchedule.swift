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

    /// A long list takes hundreds of megabytes while it is read: so many of them at a time.
    static let concurrentMax = 1
    /// After the first failure; it doubles with each further one, up to the source's own interval.
    static let retrySecondsMin: Int64 = 10
    /// A list that runs out soon is asked for after half of the time it has left, and not more often than this.
    static let nearSecondsMin: Int64 = 60
    /// What can wait is asked for within so long after a leader began: a list that its predecessor failed over must not be the
    /// first thing that every new leader reads.
    static let spreadSecondsMax: Int64 = 60

    private var entries: [String: Entry] = [:]
    /// Sources were named since this schedule was made or cleared.
    private(set) var hasBegun = false

    var isEmpty: Bool { entries.isEmpty }

    /// When the next fetch is due; nil while one is under way.
    func dueAt(_ authority: String) -> MonotonicInstant? {
        entries[authority].flatMap { $0.isUnderWay ? nil : $0.dueAt }
    }

    func failures(of authority: String) -> Int { entries[authority]?.failures ?? 0 }

    /// A source that is new, or has changed, is due at once; one that a new leader finds may wait.
    ///
    /// - Parameters:
    ///   - left: seconds until the nextUpdate of the list in force, of those authorities that have one.
    ///   - chance: from 0 up to 1, anew for each source.
    mutating func follow(
        _ sources: [String: Source], left: [String: Int64] = [:], now: MonotonicInstant, chance: () -> Double
    ) {
        entries = entries.filter { sources[$0.key] == $0.value.source }
        for (authority, source) in sources where entries[authority] == nil {
            let wait = hasBegun ? .zero : Self.waitOfNewLeader(refresh: source.refreshSeconds, nextUpdateIn: left[authority], chance: chance())
            entries[authority] = Entry(source: source, dueAt: now + wait)
        }
        hasBegun = true
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
    mutating func clear() {
        entries = [:]
        hasBegun = false
    }

    /// None where there is no list in force, or one that would be over soon after the longest wait.
    static func waitOfNewLeader(refresh: Int64, nextUpdateIn left: Int64?, chance: Double) -> Duration {
        guard let left, left > 2 * spreadSecondsMax else { return .zero }
        return .milliseconds(Int64(Double(min(refresh, spreadSecondsMax) * 1_000) * chance))
    }

    static func secondsAfterSuccess(refresh: Int64, nextUpdateIn left: Int64) -> Int64 {
        min(refresh, max(left / 2, min(nearSecondsMin, refresh)))
    }

    static func secondsAfterFailure(_ failures: Int, refresh: Int64) -> Int64 {
        min(refresh, retrySecondsMin << Int64(min(max(failures - 1, 0), 20)))
    }
}
