/// The time of day by which tokens are judged.
package enum TokenClock {
    /// How far the leader's clock may run ahead of ours before its stamps count for more than our clock.
    package static let stampToleranceSeconds: Int64 = 5

    /// The later of our own clock and the newest applied leader stamp less the tolerance, so that
    /// setting a member's clock back does not revive tokens.
    ///
    /// - Parameter appliedAtMilliseconds: the greatest stamp among the applied commands.
    package static func now(wallClock: Int64, appliedAtMilliseconds: Int64) -> Int64 {
        max(wallClock, appliedAtMilliseconds / 1000 - stampToleranceSeconds)
    }
}
