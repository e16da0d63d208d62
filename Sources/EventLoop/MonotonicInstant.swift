internal import Glibc

/// A point on this machine's CLOCK_BOOTTIME: never set back, and it counts the time the machine
/// was suspended, so an age measured with it is never too small. Means nothing on another machine.
package struct MonotonicInstant: Comparable, Hashable, Sendable {
    /// Since boot.
    package let nanoseconds: UInt64

    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    package static func now() -> MonotonicInstant {
        MonotonicInstant(nanoseconds: clockNanoseconds(CLOCK_BOOTTIME))
    }

    package static func < (earlier: MonotonicInstant, later: MonotonicInstant) -> Bool {
        earlier.nanoseconds < later.nanoseconds
    }

    /// Saturates at both ends instead of trapping, because durations come from configuration and tokens.
    package static func + (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        instant.shifted(by: duration.nanosecondsClamped)
    }

    package static func - (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        instant.shifted(by: -duration.nanosecondsClamped)
    }

    private func shifted(by shift: Int64) -> MonotonicInstant {
        let (moved, overflow) = shift < 0
            ? nanoseconds.subtractingReportingOverflow(shift.magnitude)
            : nanoseconds.addingReportingOverflow(shift.magnitude)
        return MonotonicInstant(nanoseconds: overflow ? (shift < 0 ? 0 : .max) : moved)
    }

    /// How long after `earlier` this instant is; negative when it is before.
    package static func - (later: MonotonicInstant, earlier: MonotonicInstant) -> Duration {
        later >= earlier
            ? .nanoseconds(Int64(clamping: later.nanoseconds - earlier.nanoseconds))
            : .nanoseconds(-Int64(clamping: earlier.nanoseconds - later.nanoseconds))
    }
}

/// The time of day, which an operator or NTP may move in either direction. Never compare two
/// readings to measure an age; that is what ``MonotonicInstant`` is for.
package enum WallClock {
    /// Unix time in seconds.
    package static func nowSeconds() -> Int64 {
        Int64(clockNanoseconds(CLOCK_REALTIME) / 1_000_000_000)
    }

    /// Unix time in seconds, a few milliseconds late at most: for what is only told, at a quarter of the cost.
    package static func nowSecondsRoughly() -> Int64 {
        Int64(clockNanoseconds(CLOCK_REALTIME_COARSE) / 1_000_000_000)
    }

    /// Unix time in milliseconds.
    package static func nowMilliseconds() -> Int64 {
        Int64(clockNanoseconds(CLOCK_REALTIME) / 1_000_000)
    }
}

private func clockNanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    let status = unsafe clock_gettime(clock, &time)
    precondition(status == 0, "every Linux this runs on has these clocks")
    // A wall clock set before 1970 reads as 1970: times below zero mean nothing to us.
    guard time.tv_sec >= 0 else { return 0 }
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

extension Duration {
    /// Whole nanoseconds, at most ±292 years; never `Int64.min`, so it can be negated.
    package var nanosecondsClamped: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? -.max : .max }
        let (sum, overflowed) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? -.max : .max) : max(sum, -.max)
    }

    /// Whole milliseconds, rounded up so that a wait is never shorter than asked; zero when negative.
    var millisecondsRoundedUp: UInt64 {
        let nanoseconds = UInt64(max(0, nanosecondsClamped))
        return nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1)
    }
}
