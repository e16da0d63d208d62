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
        let verified: VerifiedToken
        if let known = cache?.verified(token), view.isCurrent(known, at: clock) {
            verified = known
        } else {
            do {
                verified = try signatureChecked(token, in: view, at: clock)
            } catch {
                return .rejected(error)
            }
            cache?.insert(token, verified)
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
        let key = try view.key(named: jws.header.keyID, for: algorithm, at: now)
        guard key.verification.isValidSignature(jws.signature.span, for: token.extracting(0..<jws.signedByteCount))
        else { throw .badSignature }
        let claims: JWTClaims
        do {
            claims = try JWTClaims(parsing: jws.payload)
        } catch {
            throw .malformed
        }
        return try VerifiedToken(clusterToken: claims, keyID: key.keyID, keyVersion: key.version)
    }
}
