import EventLoop

/// A token bucket per source address, so that strangers cannot buy signature checks without end.
/// Confined to one request loop; the time is an argument.
package struct RequestRateLimit {
    package struct Settings: Sendable {
        /// Requests per second that one source may make for ever, and how many at once.
        package var perSecond: Double
        package var burst: Double
        /// Sources remembered at one time; those above it share a single bucket.
        package var sourcesMax: Int

        package init(perSecond: Double, burst: Double, sourcesMax: Int) {
            self.perSecond = perSecond
            self.burst = burst
            self.sourcesMax = sourcesMax
        }
    }

    enum Decision: Equatable {
        case allowed
        case refused(retryAfterSeconds: Int)
    }

    private struct Bucket {
        var tokens: Double
        var filledAt: MonotonicInstant
    }

    private let settings: Settings
    private var buckets: [[UInt8]: Bucket] = [:]
    private var overflow: Bucket?
    private var sweptAt: MonotonicInstant?

    init(_ settings: Settings) {
        self.settings = settings
    }

    var sourcesSeen: Int { buckets.count }

    mutating func take(from source: [UInt8], at now: MonotonicInstant) -> Decision {
        if buckets[source] == nil && buckets.count >= settings.sourcesMax {
            forgetFullBuckets(at: now)
        }
        if buckets[source] == nil && buckets.count >= settings.sourcesMax {
            return Self.take(from: &overflow, settings, at: now)
        }
        return Self.take(from: &buckets[source], settings, at: now)
    }

    private static func take(
        from bucket: inout Bucket?, _ settings: Settings, at now: MonotonicInstant
    ) -> Decision {
        var current = bucket ?? Bucket(tokens: settings.burst, filledAt: now)
        current.tokens = level(of: current, settings, at: now)
        current.filledAt = now
        defer { bucket = current }
        guard current.tokens >= 1 else {
            let seconds = ((1 - current.tokens) / settings.perSecond).rounded(.up)
            return .refused(retryAfterSeconds: max(1, Int(min(seconds, 3600))))
        }
        current.tokens -= 1
        return .allowed
    }

    private static func level(of bucket: Bucket, _ settings: Settings, at now: MonotonicInstant) -> Double {
        guard now > bucket.filledAt else { return bucket.tokens }
        let seconds = Double(now.nanoseconds - bucket.filledAt.nanoseconds) / 1_000_000_000
        return min(settings.burst, bucket.tokens + seconds * settings.perSecond)
    }

    /// A full bucket says nothing that a new one would not. At most once a second: otherwise a crowd
    /// of new sources would make each of its requests cost a walk over the whole table.
    private mutating func forgetFullBuckets(at now: MonotonicInstant) {
        if let sweptAt, now < sweptAt + .seconds(1) { return }
        sweptAt = now
        let settings = settings
        buckets = buckets.filter { Self.level(of: $0.value, settings, at: now) < settings.burst }
    }
}
