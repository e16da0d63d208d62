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

    init(tokens: TokenView, index: LogIndex) {
        self.tokens = tokens
        self.index = index
        let settings = tokens.state.cluster?.settings ?? ClusterSettings()
        freshnessRule = FreshnessRule(maxStalenessMilliseconds: settings.maxStalenessMilliseconds)
    }

    package var state: TrustState { tokens.state }
}
