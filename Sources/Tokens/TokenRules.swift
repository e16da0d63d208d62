internal import JOSE
internal import TrustStore

/// The rules that are asked each time, also of a token whose signature is cached. One function each,
/// so that the verifier and the explainer cannot come to differ.
enum TokenRules {
    static func refusal(
        of token: VerifiedToken, in view: TokenView, at now: Int64, expecting expectation: Expectation
    ) -> RejectionReason? {
        guard token.method == .imported || isIssued(by: view.state.cluster, token.issuer) else { return .issuerMismatch }
        guard !isExpired(token.expiresAt, at: now) else { return .expired }
        guard !isEarly(token.notBeforeAt, at: now, in: view) else { return .notYetValid }
        guard !view.state.revokedTokens.contains(token.tokenID) else { return .tokenRevoked }
        guard isBindingMet(token.binding, by: expectation) else { return .certificateBindingMismatch }
        guard isMeant(token.audiences, for: expectation.audience) else { return .audienceMismatch }
        guard expectation.scope.map(token.scopes.permitsAll) ?? true else { return .insufficientScope }
        return nil
    }

    /// RFC 8725 §3.11: what else the cluster's keys may come to sign (status lists, for one) carries
    /// another `typ` and is not a token. Compared as media types are, without case.
    static func checkType(_ header: JOSEHeader) throws(RejectionReason) {
        guard let type = header.type?.lowercased() else { return }
        guard ["jwt", "at+jwt", "application/jwt", "application/at+jwt"].contains(type) else { throw .malformed }
    }

    static func isIssued(by cluster: ClusterRecord?, _ issuer: String?) -> Bool {
        guard let cluster, let issuer else { return false }
        return cluster.issuer.hasSameBytes(as: issuer)
    }

    /// The second named by `exp` still counts; no leeway beyond it.
    static func isExpired(_ expiresAt: Int64?, at now: Int64) -> Bool { expiresAt.map { now > $0 } ?? false }

    /// Clients' clocks run ahead: `nbf` has a leeway, a setting of the cluster.
    static func isEarly(_ notBeforeAt: Int64?, at now: Int64, in view: TokenView) -> Bool {
        guard let notBeforeAt else { return false }
        return notBeforeAt - view.state.settings.nbfLeewaySeconds > now
    }

    static func isBindingMet(_ binding: VerifiedToken.Binding, by expectation: Expectation) -> Bool {
        switch binding {
        case .none: true
        case .certificate(let thumbprint): expectation.clientCertificateThumbprint == thumbprint
        case .unsatisfiable: false
        }
    }

    static func isMeant(_ audiences: [String]?, for audience: Expectation.Audience) -> Bool {
        func names(_ wanted: String) -> Bool {
            audiences?.contains { $0.hasSameBytes(as: wanted) } ?? false
        }
        return switch audience {
        case .unasked: true
        case .named(let wanted): names(wanted)
        case .namedIfAny(let wanted): audiences == nil || names(wanted)
        }
    }
}
