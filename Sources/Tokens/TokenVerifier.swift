internal import HashTreeCollections
internal import JOSE
internal import TrustStore

/// Decides about one token. A function of the token, the view and the time: the same on every member.
/// Whether this member may vouch at all (freshness) is for the caller to add.
package enum TokenVerifier {
    /// - Parameters:
    ///   - now: this member's wall clock; see `TokenClock`.
    ///   - cache: of the loop that calls; nil checks every signature.
    package static func verify(
        _ token: Span<UInt8>, in view: TokenView, now: Int64,
        expecting expectation: Expectation = Expectation(), cache: SignatureCache? = nil
    ) -> Verdict {
        guard token.count <= JWSCompact.bytesMax else { return .rejected(.malformed) }
        let clock = TokenClock.now(wallClock: now, appliedAtMilliseconds: view.state.appliedAtMilliseconds)
        let hash = cache == nil ? 0 : SignatureCache.hash(token)
        let verified: VerifiedToken
        if let known = cache?.verified(token, hash: hash), view.isCurrent(known, at: clock) {
            verified = known
        } else {
            do {
                verified = try signatureChecked(token, in: view, at: clock)
            } catch {
                return .rejected(error)
            }
            cache?.insert(token, verified, hash: hash)
        }
        if let reason = TokenRules.refusal(of: verified, in: view, at: clock, expecting: expectation) {
            return .rejected(reason, verified)
        }
        return .accepted(verified)
    }

    /// Cheapest first: a stranger's garbage costs no public-key operation unless it names a live key.
    private static func signatureChecked(
        _ token: Span<UInt8>, in view: TokenView, at now: Int64
    ) throws(RejectionReason) -> VerifiedToken {
        let jws: JWSCompact
        do {
            jws = try JWSCompact(parsing: token)
        } catch {
            throw .malformed
        }
        // Legal in a JWS, but never claims.
        guard !jws.payload.isEmpty else { throw .malformed }
        try TokenRules.checkType(jws.header)
        guard let algorithm = jws.header.algorithm else { throw .unsupportedAlgorithm }
        if TokenView.isForImportedKeys(jws.header) { return try imported(token, jws, in: view) }
        guard let keyID = jws.header.keyID, view.signingKeyLife(named: keyID) != nil else {
            return try certificateChecked(jws, algorithm, token, in: view)
        }
        let key = try view.key(named: keyID, for: algorithm, at: now)
        guard key.verification.isValidSignature(jws.signature.span, for: token.extracting(0..<jws.signedByteCount))
        else { throw .badSignature }
        return try VerifiedToken(clusterToken: try claims(of: jws), keyID: key.keyID, keyVersion: key.version)
    }

    private static func imported(
        _ token: Span<UInt8>, _ jws: JWSCompact, in view: TokenView
    ) throws(RejectionReason) -> VerifiedToken {
        let key = try view.importedKey(of: jws.signature.span, over: token.extracting(0..<jws.signedByteCount))
        return try VerifiedToken(importedToken: token, claims: try claims(of: jws), keyID: key.id, keyVersion: key.version)
    }

    private static func claims(of jws: JWSCompact) throws(RejectionReason) -> JWTClaims {
        do {
            return try JWTClaims(parsing: jws.payload)
        } catch {
            throw .malformed
        }
    }

    /// Whether a token is one that only an imported key can have made. A member that is behind may not have the key yet,
    /// so for such a token its `bad_signature` says no more than `unknown_key` does for another.
    package static func isForImportedKeys(_ token: Span<UInt8>) -> Bool {
        guard let jws = try? JWSCompact(parsing: token) else { return false }
        return TokenView.isForImportedKeys(jws.header)
    }

    /// For a token that names no key of the cluster. Its claims are read before its signature is checked, since they say
    /// whose it must be.
    private static func certificateChecked(
        _ jws: JWSCompact, _ algorithm: JWSAlgorithm, _ token: Span<UInt8>, in view: TokenView
    ) throws(RejectionReason) -> VerifiedToken {
        guard !algorithm.isSymmetric else { throw .unknownKey }
        guard let claims = try? JWTClaims(parsing: jws.payload) else {
            throw jws.header.keyID == nil ? .malformed : .unknownKey
        }
        guard CertificateToken.isMeant(by: claims, jws.header) else {
            throw TokenRules.isForeign(claims.issuer, jws.header, view.state.cluster) ? .issuerMismatch : .unknownKey
        }
        let record = try CertificateToken.record(claims, in: view)
        let (key, opened) = try CertificateToken.key(of: record, for: algorithm, in: view)
        let signed = token.extracting(0..<jws.signedByteCount)
        guard key.isValidSignature(jws.signature.span, for: signed) else { throw .badSignature }
        return try VerifiedToken(
            certificateToken: claims, namedKeyID: jws.header.keyID, record: record, validity: opened.validity, tokenID: CertificateToken.tokenID(signed: signed))
    }
}
