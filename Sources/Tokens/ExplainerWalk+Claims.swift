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
        guard !TokenRules.isIssued(by: view.state.cluster, claims.issuer) else { return pass(.issuer, detail) }
        let differsInSlash = claims.issuer.map { $0 + "/" } == ours || ours.map { $0 + "/" } == claims.issuer
        fail(.issuer, .issuerMismatch, detail, hint: differsInSlash ? "the two differ only in a slash at the end" : nil)
    }

    mutating func checkRevocation(_ claims: JWTClaims) {
        let ownID = explanation.isForImportedKeys ? VerifiedToken.importedTokenID(token.span) : claims.tokenID
        guard let tokenID = ownID else { return skip(.revocation, "there is no jti to look up") }
        guard let record = view.state.revokedTokens[tokenID] else {
            return pass(.revocation, "id \(QuotedText.quoted(tokenID)) is not among \(view.state.revokedTokens.count) revoked tokens")
        }
        let because = record.reason.map { ", reason \(QuotedText.quoted($0))" } ?? ""
        fail(
            .revocation, .tokenRevoked,
            "revoked by entry \(record.id) at \(Self.instant(record.createdAt)) by \(QuotedText.quoted(record.createdBy))\(because)",
            hint: "ask for a new token: a revoked one stays revoked")
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

    mutating func checkAudience(_ claims: JWTClaims) {
        let wanted: String
        switch expectation.audience {
        case .unasked: return skip(.audience, "no audience asked for; the token names \(Self.list(claims.audiences))")
        case .named(let name), .namedIfAny(let name): wanted = name
        }
        let detail = "asked for \(QuotedText.quoted(wanted)), the token names \(Self.list(claims.audiences))"
        if TokenRules.isMeant(claims.audiences, for: expectation.audience) {
            pass(.audience, detail)
        } else {
            fail(.audience, .audienceMismatch, detail)
        }
    }

    mutating func checkScope(_ claims: JWTClaims) {
        let scopes = (try? VerifiedToken.scopes(of: claims)) ?? ScopeSet([])
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
