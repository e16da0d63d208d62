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
        } else if let line = ["parent_jti", "parent_kid", "parent_client"].first(where: { (try? VerifiedToken.line($0, of: claims)) == nil }) {
            fail(.claims, .malformed, "\(line) is not a short list of ids")
        } else if claims.object["parent_iat"] != nil, parentIssuedAt(claims) == nil {
            fail(.claims, .malformed, "parent_iat is not a time in seconds")
        } else {
            pass(.claims, "sub \(Self.shown(claims.subject)), jti \(Self.shown(claims.tokenID))")
        }
        return claims
    }

    private func parentIssuedAt(_ claims: JWTClaims) -> Int64? { try? VerifiedToken.parentIssuedAt(claims) }

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
        let clients = (try? VerifiedToken.line("parent_client", of: claims)) ?? []
        if let gone = clients.first(where: { view.state.certificates[$0]?.type != .client }) {
            return fail(
                .issuer, .unknownCertificate, "\(detail); it was made from a token of the client \(QuotedText.quoted(gone)), which is trusted no more",
                hint: "begin from another token")
        }
        for key in keys {
            guard let reason = view.refusal(ofSigner: key, at: now) else { continue }
            return fail(
                .issuer, reason, "\(detail); it was made from a token signed with the key of certificate \(key), which is not valid now",
                hint: "begin from another token")
        }
        pass(.issuer, detail)
    }

    /// Those that a revocation, or a CRL, takes this token along with.
    private func certificates(_ claims: JWTClaims, signer: String?) -> [String] {
        if let signer { return [signer] }
        return explanation.isForImportedKeys ? [] : (try? VerifiedToken.certificates(of: claims)) ?? []
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
                var issued = claims.issuedAt.map { "this one was issued at \(Self.instant($0))" } ?? "this one does not say when it was issued"
                if isCluster, let first = parentIssuedAt(claims) {
                    issued += first > 0 ? ", what it was made from at \(Self.instant(first))" : ", and what it was made from does not say"
                }
                what = "\(issued), and what was issued up to \(Self.instant(before)) is revoked: \(what)"
            }
            return failRevoked(reason, what, record.id, record.createdAt, record.createdBy, record.reason)
        }
        for fingerprint in certificates(claims, signer: certificate) {
            guard let record = view.state.certificates[fingerprint], let reason = view.listRefusal(ofEntry: record, at: now) else { continue }
            let what =
                reason == .certificateRevoked ? "a CRL of its issuer names the certificate \(fingerprint)"
                : "the CRL of the issuer of the certificate \(fingerprint) is past its nextUpdate"
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
        var certificates = certificates(claims, signer: certificate)
        if case .certificate(let thumbprint) = VerifiedToken.binding(of: claims) { certificates.append(thumbprint) }
        for fingerprint in certificates {
            if let record = revocations[RevocationTarget.name(ofCertificate: fingerprint)] { return (.certificateRevoked, record) }
        }
        let isCluster = certificate == nil && !explanation.isForImportedKeys
        let parentIssuedAt = isCluster ? parentIssuedAt(claims) : nil
        if let subject, let record = revocations[RevocationTarget.name(ofSubject: subject)],
            TokenRules.isIssued(claims.issuedAt, from: parentIssuedAt, upTo: record, at: now)
        {
            return (.subjectRevoked, record)
        }
        let own = isCluster ? nil : view.state.clusterImportedKey.flatMap { VerifiedToken.importedSubject(keyID: $0.id) == subject ? $0.id : nil }
        if let record = revocations[RevocationTarget.nameOfEverything], !(own.map { TokenRules.isYounger(importedKey: $0, than: record, in: view) } ?? false) {
            let keys = isCluster ? (try? VerifiedToken.line("parent_kid", of: claims)) ?? [] : []
            let parentIssuedAt = TokenRules.isYounger(firstOf: keys, than: record, in: view) ? nil : parentIssuedAt
            if TokenRules.isIssued(claims.issuedAt, from: parentIssuedAt, upTo: record, at: now) { return (.tokenRevoked, record) }
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

    /// - Parameter claims: of a token of the cluster, which may have been made from others.
    mutating func checkScope(_ scopes: ScopeSet, _ claims: JWTClaims? = nil) {
        let keys = claims.flatMap { try? VerifiedToken.line("parent_kid", of: $0) } ?? []
        if !scopes.names.isEmpty, let signer = keys.first(where: view.isRestricted(signer:)) {
            return fail(
                .scope, .insufficientScope, "the token has \(Self.list(scopes.names)), and was made from one of the certificate \(signer), which is restricted and permits nothing",
                hint: "begin from another token")
        }
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
