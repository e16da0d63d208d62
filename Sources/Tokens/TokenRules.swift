internal import HashTreeCollections
internal import JOSE
internal import TrustStore

/// The rules that are asked each time, also of a token whose signature is cached. One function each,
/// so that the verifier and the explainer cannot come to differ.
enum TokenRules {
    static func refusal(
        of token: VerifiedToken, in view: TokenView, at now: Int64, expecting expectation: Expectation
    ) -> RejectionReason? {
        // Asked first and used below: meanwhile the processor fetches what it needs for this from memory.
        let mayBeRevoked = view.state.revokedTokens.mayContain(token.revocationKey)
        if token.method == .cluster {
            guard isIssued(by: view.state.cluster, token.issuer) else { return .issuerMismatch }
        }
        if let validity = token.certificateValidity {
            guard validity.contains(now) else { return .certificateExpired }
        }
        // What a client got goes when its certificate is trusted no more, and what was made of a token when that one's key is.
        if let client = token.client, Fingerprint.isValid(client), view.state.certificates[client]?.type != .client { return .unknownCertificate }
        guard token.parentKeyIDs.allSatisfy({ view.isInForce(keyNamed: $0, at: now) }) else { return .keyRetired }
        guard token.parentClients.allSatisfy({ view.state.certificates[$0]?.type == .client }) else { return .unknownCertificate }
        for id in token.parentKeyIDs {
            if let reason = view.refusal(ofSigner: id, at: now) { return reason }
        }
        guard !isExpired(token.expiresAt, at: now) else { return .expired }
        guard !isEarly(token.notBeforeAt, at: now, in: view) else { return .notYetValid }
        guard !mayBeRevoked || !view.state.revokedTokens.contains(token.revocationKey) else { return .tokenRevoked }
        guard !token.parentTokenIDs.contains(where: { view.state.revokedTokens.contains($0) }) else { return .tokenRevoked }
        if !view.state.broadRevocations.isEmpty, let reason = broadRefusal(of: token, in: view, at: now) { return reason }
        if !view.state.revocationLists.isEmpty, let reason = listRefusal(of: token, in: view, at: now) { return reason }
        guard isBindingMet(token.binding, by: expectation) else { return .certificateBindingMismatch }
        guard isMeant(token.audiences, for: expectation.audience, by: token.method) else { return .audienceMismatch }
        guard !token.parentKeyIDs.contains(where: view.isRestricted(signer:)) || token.scopes.names.isEmpty else { return .insufficientScope }
        guard expectation.scope.map(token.scopes.permitsAll) ?? true else { return .insufficientScope }
        return nil
    }

    /// Of whom it speaks for, of the certificate it comes from or is bound to, and of everything that was issued.
    private static func broadRefusal(of token: VerifiedToken, in view: TokenView, at now: Int64) -> RejectionReason? {
        let revocations = view.state.broadRevocations
        if token.certificateRevocationNames.contains(where: { revocations[$0] != nil }) { return .certificateRevoked }
        if let thumbprint = token.boundThumbprint, revocations[RevocationTarget.name(ofCertificate: thumbprint)] != nil {
            return .certificateRevoked
        }
        if let record = revocations[token.subjectRevocationName], isIssued(token.issuedAt, from: token.parentIssuedAt, upTo: record, at: now) { return .subjectRevoked }
        if let record = revocations[RevocationTarget.nameOfEverything], !isYounger(token, than: record, in: view) {
            let parentIssuedAt = isYounger(firstOf: token.parentKeyIDs, than: record, in: view) ? nil : token.parentIssuedAt
            if isIssued(token.issuedAt, from: parentIssuedAt, upTo: record, at: now) { return .tokenRevoked }
        }
        return nil
    }

    /// Whether a token's key says that it was made after everything was revoked, which destroys the cluster's own imported key.
    /// One that reaches into the future counts keys by their time as well.
    static func isYounger(_ token: VerifiedToken, than record: BroadRevocationRecord, in view: TokenView) -> Bool {
        guard token.method == .imported else { return false }
        return isYounger(importedKey: token.keyID, than: record, in: view)
    }

    static func isYounger(importedKey id: String, than record: BroadRevocationRecord, in view: TokenView) -> Bool {
        guard let key = view.state.importedKeys[id], key.origin == .cluster, let before = record.target.before else { return false }
        return before <= record.createdAt ? key.version > record.index : key.createdAt > before
    }

    /// Of tokens that were made from one which does not say when it was issued, since its key says that.
    static func isYounger(firstOf keys: [String], than record: BroadRevocationRecord, in view: TokenView) -> Bool {
        keys.first.map { isYounger(importedKey: $0, than: record, in: view) } ?? false
    }

    /// Of the certificates it speaks for or comes from, as far as they have entries.
    static func listRefusal(of token: VerifiedToken, in view: TokenView, at now: Int64) -> RejectionReason? {
        for fingerprint in token.certificates {
            if let record = view.state.certificates[fingerprint], let reason = view.listRefusal(ofEntry: record, at: now) { return reason }
        }
        return nil
    }

    /// As below, of a token and of the oldest one that it was made from.
    static func isIssued(_ issuedAt: Int64?, from parentIssuedAt: Int64?, upTo record: BroadRevocationRecord, at now: Int64) -> Bool {
        isIssued(issuedAt, upTo: record, at: now) || parentIssuedAt.map { isIssued($0, upTo: record, at: now) } ?? false
    }

    /// A token that does not say when it was issued may be as old as anything. The second itself counts: a token issued in
    /// it, before the revocation, must not live on.
    static func isIssued(_ issuedAt: Int64?, upTo record: BroadRevocationRecord, at now: Int64) -> Bool {
        // Nor does one that says a time to come: some signers write what they like.
        guard let before = record.target.before, let issuedAt, issuedAt <= now + issuedAheadSecondsMax else { return true }
        return issuedAt <= before
    }

    /// How far clocks of those who issue may run ahead, as far as a revocation may reach.
    static let issuedAheadSecondsMax: Int64 = 600

    /// RFC 8725 §3.11: what else the cluster's keys may come to sign (status lists, for one) carries
    /// another `typ` and is not a token. Compared as media types are, without case.
    static func checkType(_ header: JOSEHeader) throws(RejectionReason) {
        guard let written = header.type, !written.hasSameBytes(as: "JWT") else { return }
        let type = written.lowercased()
        guard ["jwt", "at+jwt", "application/jwt", "application/at+jwt"].contains(type) else { throw .malformed }
    }

    static func isIssued(by cluster: ClusterRecord?, _ issuer: String?) -> Bool {
        guard let cluster, let issuer else { return false }
        return cluster.issuer.hasSameBytes(as: issuer)
    }

    /// A token without `kid` that names another issuer is meant for whoever that is.
    static func isForeign(_ issuer: String?, _ header: JOSEHeader, _ cluster: ClusterRecord?) -> Bool {
        header.keyID == nil && !(issuer?.isEmpty ?? true) && !isIssued(by: cluster, issuer)
    }

    /// The second named by `exp` still counts; no leeway beyond it. Nil never ends.
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

    /// A client of Incus may write any `aud` into the token it signs for the cluster, so that one counts only where somebody
    /// asks for it by name.
    static func isMeant(
        _ audiences: [String]?, for audience: Expectation.Audience, by method: VerificationMethod
    ) -> Bool {
        func names(_ wanted: String) -> Bool {
            audiences?.contains { $0.hasSameBytes(as: wanted) } ?? false
        }
        return switch audience {
        case .unasked: true
        case .named(let wanted): names(wanted)
        case .namedIfAny(let wanted): audiences == nil || method == .certificate || names(wanted)
        }
    }
}
