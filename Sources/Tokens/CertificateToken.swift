internal import Crypto
internal import HashTreeCollections
internal import JOSE
internal import TrustStore

/// Tokens that the holder of a trusted certificate signs with its key: `sub` is the certificate's fingerprint and `iss`
/// is absent, as clients of Incus make them (docs/incus.md, "Tokens").
enum CertificateToken {
    /// Whether claims ask to be judged by a certificate. A `kid` that names no key of the cluster is ignored, like any
    /// header field that is not known, but only where `sub` can be a fingerprint at all.
    static func isMeant(by claims: JWTClaims, _ header: JOSEHeader) -> Bool {
        guard claims.issuer?.isEmpty ?? true else { return false }
        return header.keyID == nil || claims.subject.map(Fingerprint.isValid) ?? false
    }

    /// The entry that `sub` names: the whole fingerprint in lower case, of type client.
    static func record(
        _ claims: JWTClaims, in view: TokenView
    ) throws(RejectionReason) -> TrustedCertificateRecord {
        guard let subject = claims.subject, !subject.isEmpty else { throw .missingClaim }
        guard Fingerprint.isValid(subject), let record = view.state.certificates[subject], record.type == .client else {
            throw .unknownCertificate
        }
        return record
    }

    /// The certificate's key as this algorithm uses it. The key decides which algorithms there are: a curve has one, and
    /// RSA has six.
    static func key(
        of record: TrustedCertificateRecord, for algorithm: JWSAlgorithm, in view: TokenView
    ) throws(RejectionReason) -> (JWSVerificationKey, TrustedKey.Opened) {
        guard let opened = view.keys.trustedKey(for: record)?.open() else { throw .unknownCertificate }
        guard let key = opened.key, algorithm.fits(key.type), let verification = try? JWSVerificationKey(key, algorithm: algorithm)
        else { throw .algorithmMismatch }
        return (verification, opened)
    }

    /// The name to revoke such a token by. Over what is signed and not over the signature: of an ECDSA signature anybody can
    /// make a second one. `jti` is the signer's own word, and might be that of somebody else's token.
    static func tokenID(signed: Span<UInt8>) -> String {
        Base64URL.encode(SHA256.hash(signed))
    }

    /// All that the certificate may do, or less where the token says so. Of custom scopes a certificate has none.
    static func scopes(_ claims: JWTClaims, _ record: TrustedCertificateRecord) throws(RejectionReason) -> ScopeSet {
        guard !record.isRestricted else { return ScopeSet([]) }
        if let scope = claims.scope, let allow = claims.allow, Set(scope) != Set(allow) { throw .malformed }
        guard let asked = claims.scope ?? claims.allow else { return ScopeSet(["admin"]) }
        return ScopeSet(asked.filter(ScopeSet.ladder.contains))
    }
}
