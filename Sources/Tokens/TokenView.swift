package import TrustStore

/// What a verdict is a function of, besides the token and the time of day: one applied state and the
/// keys that belong to it. Immutable; a request takes one and keeps it.
package struct TokenView: Sendable {
    package let state: TrustState
    package let keys: KeyRing

    /// - Parameter keys: made for this very state; a key stored differently in it is not used.
    package init(state: TrustState, keys: KeyRing) {
        self.state = state
        self.keys = keys
    }
}
