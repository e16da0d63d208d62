/// The answer about one token.
package enum Verdict: Sendable {
    case accepted(VerifiedToken)
    /// The token comes along when its signature was good, for the log; it vouches for nothing.
    case rejected(RejectionReason, VerifiedToken? = nil)

    package var accepted: VerifiedToken? {
        if case .accepted(let token) = self { token } else { nil }
    }

    package var reason: RejectionReason? {
        if case .rejected(let reason, _) = self { reason } else { nil }
    }
}
