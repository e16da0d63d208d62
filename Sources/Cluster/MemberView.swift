package import EventLoop
package import Raft
package import Tokens
package import TrustStore

/// What a member knows at one log index: immutable, replaced whole by each apply. A request takes
/// the current one once and answers from it alone.
package final class MemberView: Sendable {
    package let tokens: TokenView
    /// The newest entry whose effect is in it.
    package let index: LogIndex
    package let freshnessRule: FreshnessRule
    /// How current this very view has been proved to be.
    let proven: FreshnessPoint

    init(tokens: TokenView, index: LogIndex, proven: FreshnessPoint) {
        self.proven = proven
        self.tokens = tokens
        self.index = index
        let settings = tokens.state.cluster?.settings ?? ClusterSettings()
        freshnessRule = FreshnessRule(
            maxStalenessMilliseconds: settings.maxStalenessMilliseconds, policy: settings.stalenessPolicy)
    }

    package var state: TrustState { tokens.state }

    /// - Parameter now: read after the proof is, because the cluster loop moves the proof meanwhile: one
    ///   taken after the clock could seem to lie in the future, and a fresh member would refuse to vouch.
    package func freshness(now: @autoclosure () -> MonotonicInstant) -> Freshness {
        let point = proven.instant
        return freshnessRule.judge(point: point, now: now())
    }
}
