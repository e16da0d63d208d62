internal import HashTreeCollections
internal import JOSE
package import TrustStore

/// A client that proves who it is at the token endpoint by a token signed with its certificate's key (RFC 7523 §2.2 and §3,
/// `private_key_jwt`). Client and subject are the certificate's fingerprint.
///
/// Such a token names an issuer, its client, and so is never taken for one that a client of Incus signs for itself, nor the
/// other way round.
package enum ClientAssertion {
    /// It is made for one request; one that lives longer is of more use to a thief than to its client.
    package static let lifetimeSecondsMax: Int64 = 600

    /// - Parameters:
    ///   - audiences: the names of this cluster, one of which must be meant.
    ///   - now: this member's wall clock; see `TokenClock`.
    /// - Returns: the entry of the client's certificate.
    package static func verify(
        _ token: Span<UInt8>, in view: TokenView, audiences: [String], now: Int64
    ) throws(RejectionReason) -> TrustedCertificateRecord {
        guard let jws = try? JWSCompact(parsing: token), !jws.payload.isEmpty else { throw .malformed }
        guard let algorithm = jws.header.algorithm, !algorithm.isSymmetric else { throw .unsupportedAlgorithm }
        guard let claims = try? JWTClaims(parsing: jws.payload) else { throw .malformed }
        guard let issuer = claims.issuer, let subject = claims.subject, let expiresAt = claims.expiresAt, claims.tokenID != nil
        else { throw .missingClaim }
        guard issuer.hasSameBytes(as: subject) else { throw .issuerMismatch }
        let record = try CertificateToken.record(claims, in: view)
        let (key, opened) = try CertificateToken.key(of: record, for: algorithm, in: view)
        guard key.isValidSignature(jws.signature.span, for: token.extracting(0..<jws.signedByteCount)) else { throw .badSignature }
        let clock = TokenClock.now(wallClock: now, appliedAtMilliseconds: view.state.appliedAtMilliseconds)
        guard opened.validity.contains(clock) else { throw .certificateExpired }
        guard !TokenRules.isExpired(expiresAt, at: clock) else { throw .expired }
        let leeway = view.state.settings.nbfLeewaySeconds
        guard !TokenRules.isEarly(claims.notBeforeAt, at: clock, in: view), expiresAt - clock <= lifetimeSecondsMax + leeway else {
            throw .notYetValid
        }
        guard view.state.broadRevocations[RevocationTarget.name(ofCertificate: record.fingerprint)] == nil else { throw .certificateRevoked }
        if let reason = view.listRefusal(ofEntry: record, at: clock) { throw reason }
        let signed = token.extracting(0..<jws.signedByteCount)
        guard !view.state.revokedTokens.contains(CertificateToken.tokenID(signed: signed)) else { throw .tokenRevoked }
        for (name, reason) in [
            (RevocationTarget.name(ofSubject: record.fingerprint), RejectionReason.subjectRevoked), (RevocationTarget.nameOfEverything, .tokenRevoked),
        ] {
            if let revocation = view.state.broadRevocations[name], TokenRules.isIssued(claims.issuedAt, upTo: revocation, at: clock) { throw reason }
        }
        let isMeant = audiences.contains { TokenRules.isMeant(claims.audiences, for: .named($0), by: .certificate) }
        guard isMeant else { throw .audienceMismatch }
        return record
    }
}
