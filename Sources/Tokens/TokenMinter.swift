internal import Crypto
internal import HashTreeCollections
package import JOSE
internal import TrustStore

/// A token just made, with what its owner needs to know.
package struct MintedToken: Sendable {
    package let token: String
    /// The `jti`.
    package let id: String
    package let keyID: String
    package let subject: String
    package let scopes: [String]
    package let issuedAt: Int64
    package let expiresAt: Int64

    /// What `POST /1.0/tokens` answers with.
    package var json: JSON {
        ["token": .string(token), "id": .string(id), "key_id": .string(keyID), "expires_at": .integer(expiresAt)]
    }
}

/// A token that is not signed yet.
package struct TokenDraft: Sendable {
    let claims: JSONObject
    let type: String
    let key: JWSSigningKey
    package let id: String
    package let subject: String
    package let scopes: [String]
    package let issuedAt: Int64
    package let expiresAt: Int64
    /// Lower hexadecimal SHA-256 of the certificate that alone may present the token.
    package let certificateFingerprint: String?

    package var keyID: String { key.keyID }
}

extension MintedToken: CustomStringConvertible, CustomReflectable {
    /// Without the token itself, which then cannot slip into a log or a failure's text.
    package var description: String { "MintedToken(id: \(id))" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Makes tokens that every member of the cluster accepts at once, since each has the keys already.
package enum TokenMinter {
    static let tokenIDByteCount = 16

    /// - Parameter now: this member's wall clock.
    package static func mint(
        _ request: MintRequest, in view: TokenView, now: Int64
    ) throws(MintError) -> MintedToken {
        try sign(try draft(request, in: view, now: now), statusIndex: nil, in: view)
    }

    /// All of a token but its signature, so that a named one can be put on record first.
    package static func draft(_ request: MintRequest, in view: TokenView, now: Int64) throws(MintError) -> TokenDraft {
        guard let cluster = view.state.cluster else { throw .noCluster }
        let issuedAt = TokenClock.now(wallClock: now, appliedAtMilliseconds: view.state.appliedAtMilliseconds)
        let thumbprint: [UInt8]?
        do {
            try request.check(lifetimeSecondsMax: cluster.settings.tokenSecondsMax)
            thumbprint = try request.certificateThumbprint()
        } catch {
            throw .invalid(error)
        }
        let expiresAt = min(issuedAt + (request.lifetimeSeconds ?? cluster.settings.tokenSecondsDefault), request.expiresAtMax ?? .max)
        let notBeforeAt = request.notBeforeAt ?? issuedAt
        guard notBeforeAt >= 0, notBeforeAt < expiresAt else {
            throw .invalid(JSONFieldError(field: "not_before", "must be a time in seconds before the token expires"))
        }
        let key = try signingKey(for: request.algorithm, in: view, at: issuedAt)
        let id = Base64URL.encode(SecureRandom.bytes(tokenIDByteCount))
        var claims: JSONObject = ["iss": .string(cluster.issuer), "sub": .string(request.subject)]
        if !request.audiences.isEmpty {
            claims["aud"] = request.audiences.count == 1 ? .string(request.audiences[0]) : .strings(request.audiences)
        }
        claims["iat"] = .integer(issuedAt)
        claims["nbf"] = .integer(notBeforeAt)
        claims["exp"] = .integer(expiresAt)
        claims["jti"] = .string(id)
        claims["scope"] = .string(ScopeSet(request.scopes).text)
        claims["Allow"] = .strings(request.scopes)
        if let thumbprint { claims["cnf"] = ["x5t#S256": .string(Base64URL.encode(thumbprint))] }
        if let client = request.client {
            claims["client_id"] = .string(client.id)
            // RFC 8693 §4.1: who acts for the subject, where that is somebody else.
            if client.id != request.subject { claims["act"] = ["sub": .string(client.id)] }
            if !client.parentTokenIDs.isEmpty {
                claims["parent_jti"] = .strings(client.parentTokenIDs)
                claims["parent_kid"] = .strings(client.parentKeyIDs)
                if !client.parentClients.isEmpty { claims["parent_client"] = .strings(client.parentClients) }
                if let issuedAt = client.parentIssuedAt { claims["parent_iat"] = .integer(issuedAt) }
            }
        }
        for member in request.claims.members { claims[member.name] = member.value }
        return TokenDraft(
            claims: claims, type: request.client == nil ? "JWT" : "at+jwt", key: key, id: id, subject: request.subject,
            scopes: request.scopes, issuedAt: issuedAt, expiresAt: expiresAt, certificateFingerprint: thumbprint.map(Hex.encode))
    }

    /// - Parameters:
    ///   - statusIndex: the place in the status lists that the record got; nil for a token that is not on record.
    ///   - view: in which the key must still sign.
    package static func sign(_ draft: TokenDraft, statusIndex: Int64?, in view: TokenView) throws(MintError) -> MintedToken {
        guard let record = view.state.signingKeys[draft.keyID], record.state == .active || record.state == .retiring else {
            throw .noActiveKey(draft.key.algorithm)
        }
        var claims = draft.claims
        if let statusIndex, let issuer = view.state.cluster?.issuer { claims["status"] = StatusList.claim(statusIndex, issuer: issuer) }
        return MintedToken(
            token: try sign(claims, type: draft.type, with: draft.key), id: draft.id, keyID: draft.keyID, subject: draft.subject,
            scopes: draft.scopes, issuedAt: draft.issuedAt, expiresAt: draft.expiresAt)
    }

    /// The newest that others can verify with.
    static func publicSigningKey(in view: TokenView, at now: Int64) throws(MintError) -> JWSSigningKey {
        for algorithm in JWSAlgorithm.allCases where !algorithm.isSymmetric {
            if let key = try? signingKey(for: algorithm, in: view, at: now) { return key }
        }
        throw .noActiveKey(nil)
    }

    private static func sign(_ claims: JSONObject, type: String, with key: JWSSigningKey) throws(MintError) -> String {
        let token: [UInt8]
        do {
            token = try JWSCompact.sign(payload: JSON.object(claims).encoded(), type: type, with: key)
        } catch {
            throw .signingFailed
        }
        guard token.count <= JWSCompact.bytesMax else { throw .tooLarge }
        return String(decoding: token, as: UTF8.self)
    }

    /// The active key that became so last; the `kid` decides between equals, so that all members agree.
    private static func signingKey(
        for algorithm: JWSAlgorithm?, in view: TokenView, at now: Int64
    ) throws(MintError) -> JWSSigningKey {
        let candidates = view.state.signingKeys.values
            .filter { $0.state == .active && !$0.isRetired(at: now) }
            .filter { algorithm == nil || $0.algorithm.jws == algorithm }
            .sorted { ($0.activatedAt ?? 0, $0.kid) > ($1.activatedAt ?? 0, $1.kid) }
        for record in candidates {
            if let key = view.keys.key(for: record)?.signing { return key }
        }
        throw .noActiveKey(algorithm)
    }
}
