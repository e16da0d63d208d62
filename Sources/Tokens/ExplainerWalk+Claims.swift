internal import HashTreeCollections
internal import JOSE
internal import TrustStore

extension ExplainerWalk {
    /// - Returns: the claims if they can be read at all, also when a required one is missing.
    mutating func checkClaims(_ jws: DecodedSegments) -> JWTClaims? {
        let claims: JWTClaims
        do {
            claims = try JWTClaims(parsing: jws.payload)
        } catch {
            fail(.claims, .malformed, error.description)
            return nil
        }
        if explanation.isForImportedKeys {
            checkImportedClaims(claims)
            return claims
        }
        let missing = [("sub", claims.subject == nil || claims.subject == ""),
                       ("jti", claims.tokenID == nil || claims.tokenID == ""),
                       ("exp", claims.expiresAt == nil)].filter(\.1).map(\.0)
        if !missing.isEmpty {
            fail(.claims, .missingClaim, "without \(missing.joined(separator: ", "))", hint: "tokens of the cluster carry sub, jti and exp")
        } else if !haveOneScope(claims) {
            failScopes()
        } else if claims.tokenID.map(VerifiedToken.canBeRevoked) != true {
            fail(.claims, .malformed, "jti is not 1 to \(StateLimits.tokenIDBytesMax) visible ASCII characters, so the token could not be revoked")
        } else if (try? VerifiedToken.line("parent_jti", of: claims)) == nil || (try? VerifiedToken.line("parent_kid", of: claims)) == nil {
            fail(.claims, .malformed, "parent_jti or parent_kid is not a short list of ids")
        } else {
            pass(.claims, "sub \(Self.shown(claims.subject)), jti \(Self.shown(claims.tokenID))")
        }
        return claims
    }

    private func haveOneScope(_ claims: JWTClaims) -> Bool {
        (try? VerifiedToken.scopes(of: claims)) != nil
    }

    private mutating func failScopes() {
        fail(.claims, .malformed, "scope and Allow name different scopes", hint: "write the same scopes in both, or only one of them")
    }

    private mutating func checkImportedClaims(_ claims: JWTClaims) {
        if claims.allow == nil {
            fail(.claims, .missingClaim, "without Allow", hint: "tokens of Forest and Lotus nodes carry Allow")
        } else if !haveOneScope(claims) {
            failScopes()
        } else {
            pass(.claims, "Allow \(Self.list(claims.allow)); its id is the hash of the token, \(VerifiedToken.importedTokenID(token.span))")
        }
    }

    mutating func checkIssuer(_ claims: JWTClaims) {
        guard !explanation.isForImportedKeys else { return skip(.issuer, "a token of a node is known by its key alone") }
        let ours = view.state.cluster?.issuer
        let detail = "iss \(Self.shown(claims.issuer)), this cluster is \(Self.shown(ours))"
        guard !TokenRules.isIssued(by: view.state.cluster, claims.issuer) else { return checkOrigin(claims, detail) }
        let differsInSlash = claims.issuer.map { $0 + "/" } == ours || ours.map { $0 + "/" } == claims.issuer
        fail(.issuer, .issuerMismatch, detail, hint: differsInSlash ? "the two differ only in a slash at the end" : nil)
    }

    /// The client that got the token, and the tokens that it was made from.
    private mutating func checkOrigin(_ claims: JWTClaims, _ detail: String) {
        if let client = VerifiedToken.client(claims), Fingerprint.isValid(client), view.state.certificates[client]?.type != .client {
            return fail(.issuer, .unknownCertificate, "\(detail); the client that got it, \(client), is trusted no more", hint: "trust its certificate again, and get another token")
        }
        let keys = (try? VerifiedToken.line("parent_kid", of: claims)) ?? []
        if let gone = keys.first(where: { !view.isInForce(keyNamed: $0, at: now) }) {
            return fail(.issuer, .keyRetired, "\(detail); it was made from a token of the key \(QuotedText.quoted(gone)), which vouches no more", hint: "begin from another token")
        }
        pass(.issuer, detail)
    }

    /// - Parameter name: what the id is.
    mutating func checkRevocation(_ claims: JWTClaims, _ tokenID: String?, _ name: String, subject: String?, certificate: String? = nil) {
        guard let tokenID else { return skip(.revocation, "there is no \(name) to look up") }
        let isCluster = certificate == nil && !explanation.isForImportedKeys
        let parents = isCluster ? (try? VerifiedToken.line("parent_jti", of: claims)) ?? [] : []
        let parent = parents.compactMap { view.state.revokedTokens[$0] }.first
        if let record = view.state.revokedTokens[tokenID] ?? parent {
            let what = record.tokenID == tokenID ? "the token was" : "the token that this one was made from was"
            return failRevoked(.tokenRevoked, what, record.id, record.createdAt, record.createdBy, record.reason)
        }
        if let (reason, record) = broadRevocation(claims, subject: subject, certificate: certificate) {
            var what = record.target.kind == "everything" ? "every token was" : "its \(record.target.kind) was"
            if let before = record.target.before {
                let issued = claims.issuedAt.map { "this one was issued at \(Self.instant($0))" } ?? "this one does not say when it was issued"
                what = "\(issued), and what was issued up to \(Self.instant(before)) is revoked: \(what)"
            }
            return failRevoked(reason, what, record.id, record.createdAt, record.createdBy, record.reason)
        }
        if let record = (certificate ?? subject).flatMap({ view.state.certificates[$0] }),
            let reason = view.listRefusal(ofEntry: record, at: now)
        {
            let what = reason == .certificateRevoked ? "a CRL of its issuer names the certificate" : "the CRL of the certificate's issuer is past its nextUpdate"
            return fail(
                .revocation, reason, what,
                hint: reason == .certificateRevoked ? "use another certificate" : "import a newer CRL with `credence authority import-crl`")
        }
        pass(.revocation, "\(name) \(QuotedText.quoted(tokenID)) is not among \(view.state.revokedTokens.count) revoked tokens, nor is its subject, key or certificate revoked")
    }

    /// In the verifier's order.
    private func broadRevocation(
        _ claims: JWTClaims, subject: String?, certificate: String?
    ) -> (RejectionReason, BroadRevocationRecord)? {
        let revocations = view.state.broadRevocations
        let client = explanation.isForImportedKeys ? nil : VerifiedToken.client(claims)
        var certificates = [certificate ?? client ?? subject].compactMap(\.self)
        if case .certificate(let thumbprint) = VerifiedToken.binding(of: claims) { certificates.append(thumbprint) }
        for fingerprint in certificates {
            if let record = revocations[RevocationTarget.name(ofCertificate: fingerprint)] { return (.certificateRevoked, record) }
        }
        if let subject, let record = revocations[RevocationTarget.name(ofSubject: subject)], TokenRules.isIssued(claims.issuedAt, upTo: record, at: now) {
            return (.subjectRevoked, record)
        }
        let own = view.state.clusterImportedKey.flatMap { VerifiedToken.importedSubject(keyID: $0.id) == subject ? $0.id : nil }
        if let record = revocations[RevocationTarget.nameOfEverything], !(own.map { TokenRules.isYounger(importedKey: $0, than: record, in: view) } ?? false),
            TokenRules.isIssued(claims.issuedAt, upTo: record, at: now) {
            return (.tokenRevoked, record)
        }
        return nil
    }

    private mutating func failRevoked(
        _ reason: RejectionReason, _ what: String, _ id: String, _ createdAt: Int64, _ createdBy: String, _ why: String?
    ) {
        let because = why.map { ", reason \(QuotedText.quoted($0))" } ?? ""
        let hint =
            reason == .certificateRevoked ? "use another certificate, or withdraw revocation \(id) if it was a mistake"
            : "ask for a new token" + (reason == .tokenRevoked ? ": a revoked one stays revoked" : "")
        fail(
            .revocation, reason, "\(what) revoked by entry \(id) at \(Self.instant(createdAt)) by \(QuotedText.quoted(createdBy))\(because)",
            hint: hint)
    }

    mutating func checkBinding(_ claims: JWTClaims) {
        switch VerifiedToken.binding(of: claims) {
        case .none: pass(.binding, "not bound to a certificate")
        case .certificate(let thumbprint):
            let presented = expectation.clientCertificateThumbprint
            guard presented != thumbprint else { return pass(.binding, "bound to the client certificate presented") }
            fail(
                .binding, .certificateBindingMismatch, "bound to certificate \(thumbprint), presented: \(presented ?? "none")",
                hint: presented == nil ? "present the token over TLS with that client certificate" : nil)
        case .unsatisfiable:
            fail(.binding, .certificateBindingMismatch, "cnf asks for a proof of possession that is not supported")
        }
    }

    mutating func checkAudience(_ claims: JWTClaims, _ method: VerificationMethod) {
        let wanted: String
        switch expectation.audience {
        case .unasked: return skip(.audience, "no audience asked for; the token names \(Self.list(claims.audiences))")
        case .named(let name), .namedIfAny(let name): wanted = name
        }
        let detail = "asked for \(QuotedText.quoted(wanted)), the token names \(Self.list(claims.audiences))"
        if TokenRules.isMeant(claims.audiences, for: expectation.audience, by: method) {
            pass(.audience, detail)
        } else {
            fail(.audience, .audienceMismatch, detail)
        }
    }

    mutating func checkScope(_ scopes: ScopeSet) {
        guard let asked = expectation.scope else {
            return skip(.scope, "no scope asked for; the token has \(Self.list(scopes.names))")
        }
        let detail = "asked for \(QuotedText.quoted(asked)), the token has \(Self.list(scopes.names))"
        guard !scopes.permitsAll(of: asked) else { return pass(.scope, detail) }
        let isCustom = !ScopeSet.ladder.contains(asked)
        fail(
            .scope, .insufficientScope, detail,
            hint: isCustom && scopes.permits("admin") ? "a custom scope must be named in the token: admin does not include it" : nil)
    }

    private static func list(_ names: [String]?) -> String {
        guard let names, !names.isEmpty else { return "none" }
        let shownMax = 8
        let shown = names.prefix(shownMax).map(QuotedText.quoted).joined(separator: ", ")
        return names.count > shownMax ? "\(shown) and \(names.count - shownMax) more" : shown
    }
}
