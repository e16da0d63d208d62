/// The rule that makes revocation a promise: accept only while `now − point ≤ B·(1 − ρ) − g`, by this member's own
/// clock, which counts suspension (docs/consensus.md §5). No two clocks are compared.
package struct StalenessBound: Equatable, Sendable {
    /// B, `max_staleness`.
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// ρ: the assumed bound on the rate error of this member's own clock, one in a thousand.
    package static let clockErrorPerThousand: Int64 = 1
    /// g: covers the time between reading the clock and the answer leaving.
    package static let guardMilliseconds: Int64 = 50

    /// A state is fresh while it is younger than this.
    package var ageMaxMilliseconds: Int64 {
        milliseconds - milliseconds * Self.clockErrorPerThousand / 1000 - Self.guardMilliseconds
    }

    /// Whole milliseconds, rounded down, since the state was provably current; nil when that was never proved, or
    /// when the proof lies in the future, which proves nothing. Both instants in nanoseconds of one clock.
    package func age(of point: UInt64?, at now: UInt64) -> Int64? {
        guard let point, point <= now else { return nil }
        return Int64(clamping: (now - point) / 1_000_000)
    }

    package func isFresh(age: Int64?) -> Bool {
        guard let age else { return false }
        return age < ageMaxMilliseconds
    }
}
