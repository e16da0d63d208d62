package import JOSE
package import Raft
internal import Crypto
internal import TrustStore

/// A token whose signature was good when it was checked, with its claims in checked types. Whether it
/// is accepted now (times, revocation, key state, scope) is asked anew each time. Immutable and
/// shared: the signature cache and every verdict refer to the same object.
package final class VerifiedToken: Sendable {
    /// Whom the token is bound to (RFC 8705 §3).
    enum Binding: Sendable, Equatable {
        case none
        /// Lower hexadecimal SHA-256 of the certificate's DER.
        case certificate(String)
        /// Bound in a way we cannot check: nobody may present it.
        case unsatisfiable
    }

    package let method: VerificationMethod
    /// A `kid`, or the fingerprint of the certificate whose key signed.
    package let keyID: String
    /// The key as it was stored when it vouched for these bytes.
    package let keyVersion: LogIndex
    package let issuer: String?
    package let subject: String
    /// `jti`, or a hash of what is signed where that is the signer's own word: what it is revoked by.
    package var tokenID: String { revocationKey.tokenID }
    let revocationKey: RevocationKey
    package let audiences: [String]?
    package let scopes: ScopeSet
    /// Nil for a token that does not expire; its key and its revocation end it.
    package let expiresAt: Int64?
    package let notBeforeAt: Int64?
    package let issuedAt: Int64?
    /// All claims, as signed.
    package let claims: JSONObject
    let binding: Binding
    /// The ids of the tokens that this one was made from, the first first; revoking any of them ends this one too.
    package let parentTokenIDs: [String]
    /// The ids of the keys that signed those.
    package let parentKeyIDs: [String]
    /// The fingerprints of the clients that got or signed those.
    package let parentClients: [String]
    /// When the oldest of those was issued; nil for a token that was made from none, or does not say.
    package let parentIssuedAt: Int64?
    /// The client that got the token at the token endpoint, which is a certificate's fingerprint; nil for most.
    let client: String?
    /// Under which a revocation of its subject is looked up.
    let subjectRevocationName: String
    /// The certificates that it speaks for or comes from: what is said of one of them is said of the token.
    let certificates: [String]
    /// Under which revocations of those are looked up.
    let certificateRevocationNames: [String]
    /// The `kid` that a token signed by a certificate's key carries, and that named no key of the cluster when it was judged.
    let strangeKeyID: String?
    /// Unix seconds in which the certificate that signed is valid, both ends included; nil for other methods.
    let certificateValidity: ClosedRange<Int64>?

    /// Lower hexadecimal SHA-256 of the certificate that alone may present the token; nil for one that is not bound, or in
    /// a way that cannot be checked.
    package var boundThumbprint: String? {
        if case .certificate(let thumbprint) = binding { thumbprint } else { nil }
    }

    /// The rules that depend on the token alone, for one signed by the cluster: without an end, a
    /// name to revoke it by, and a subject it would escape the cluster's promises.
    init(clusterToken claims: JWTClaims, keyID: String, keyVersion: LogIndex) throws(RejectionReason) {
        guard let subject = claims.subject, let tokenID = claims.tokenID, let expiresAt = claims.expiresAt,
            !subject.isEmpty, !tokenID.isEmpty
        else { throw .missingClaim }
        guard Self.canBeRevoked(tokenID) else { throw .malformed }
        method = .cluster
        self.keyID = keyID
        self.keyVersion = keyVersion
        issuer = claims.issuer
        self.subject = subject
        revocationKey = RevocationKey(tokenID)
        audiences = claims.audiences
        scopes = try Self.scopes(of: claims)
        self.expiresAt = expiresAt
        notBeforeAt = claims.notBeforeAt
        issuedAt = claims.issuedAt
        self.claims = claims.object
        binding = Self.binding(of: claims)
        subjectRevocationName = RevocationTarget.name(ofSubject: subject)
        parentTokenIDs = try Self.line("parent_jti", of: claims)
        parentKeyIDs = try Self.line("parent_kid", of: claims)
        parentClients = try Self.line("parent_client", of: claims)
        parentIssuedAt = try Self.parentIssuedAt(claims)
        client = Self.client(claims)
        strangeKeyID = nil
        certificates = try Self.certificates(of: claims)
        certificateRevocationNames = certificates.map(RevocationTarget.name(ofCertificate:))
        certificateValidity = nil
    }

    /// One signed by the key of a trusted certificate, which is whom it speaks for.
    init(
        certificateToken claims: JWTClaims, namedKeyID: String?, record: TrustedCertificateRecord, validity: ClosedRange<Int64>, tokenID: String
    ) throws(RejectionReason) {
        method = .certificate
        keyID = record.fingerprint
        keyVersion = record.version
        issuer = nil
        subject = record.fingerprint
        revocationKey = RevocationKey(tokenID)
        audiences = claims.audiences
        scopes = try CertificateToken.scopes(claims, record)
        expiresAt = claims.expiresAt
        notBeforeAt = claims.notBeforeAt
        issuedAt = claims.issuedAt
        self.claims = claims.object
        binding = Self.binding(of: claims)
        subjectRevocationName = RevocationTarget.name(ofSubject: record.fingerprint)
        certificates = [record.fingerprint]
        certificateRevocationNames = [RevocationTarget.name(ofCertificate: record.fingerprint)]
        parentTokenIDs = []
        parentKeyIDs = []
        parentClients = []
        parentIssuedAt = nil
        client = nil
        strangeKeyID = namedKeyID
        certificateValidity = validity
    }

    /// One signed with an imported secret. What it says of its subject, its issuer and its own id counts for nothing:
    /// whoever holds a node's secret could write there whatever he likes, another's name or another token's id.
    init(
        importedToken token: Span<UInt8>, claims: JWTClaims, keyID: String, keyVersion: LogIndex
    ) throws(RejectionReason) {
        guard claims.allow != nil else { throw .missingClaim }
        method = .imported
        self.keyID = keyID
        self.keyVersion = keyVersion
        issuer = nil
        subject = Self.importedSubject(keyID: keyID)
        revocationKey = RevocationKey(Self.importedTokenID(token))
        audiences = claims.audiences
        scopes = try Self.scopes(of: claims)
        expiresAt = claims.expiresAt
        notBeforeAt = claims.notBeforeAt
        issuedAt = claims.issuedAt
        self.claims = claims.object
        binding = Self.binding(of: claims)
        subjectRevocationName = RevocationTarget.name(ofSubject: subject)
        certificates = []
        certificateRevocationNames = []
        parentTokenIDs = []
        parentKeyIDs = []
        parentClients = []
        parentIssuedAt = nil
        client = nil
        strangeKeyID = nil
        certificateValidity = nil
    }

    /// Who speaks by such a token: whoever holds the node's secret or got a token from him.
    static func importedSubject(keyID: String) -> String { "imported:" + keyID }

    /// What stands for the `jti` that tokens of nodes do not have: the SHA-256 of all of the token.
    ///
    /// One token has one such id, and no two share one. base64url is read strictly, so bytes have one text; HMAC has one
    /// valid signature for one text and key. And the signature is part of what is hashed: all tokens of the same
    /// permissions that Lotus nodes ever made have the same header and payload, and revoking one node's must not revoke
    /// another's. The hash tells nothing of the signature, which nobody can guess.
    package static func importedTokenID(_ token: Span<UInt8>) -> String {
        Base64URL.encode(SHA256.hash(token))
    }

    /// Whether a `jti` is one that the log takes; what another issuer wrote may not be, and could not be revoked.
    static func canBeRevoked(_ tokenID: String) -> Bool {
        tokenID.utf8.count <= StateLimits.tokenIDBytesMax && tokenID.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// What a token says that it came from must be readable, or it would outlive that.
    static func line(_ name: String, of claims: JWTClaims) throws(RejectionReason) -> [String] {
        guard let value = claims.object[name] else { return [] }
        guard let elements = value.arrayValue, elements.count <= MintRequest.Client.parentsMax else { throw .malformed }
        let ids = elements.compactMap(\.stringValue)
        guard ids.count == elements.count else { throw .malformed }
        return ids
    }

    static func parentIssuedAt(_ claims: JWTClaims) throws(RejectionReason) -> Int64? {
        guard let value = claims.object["parent_iat"] else { return nil }
        guard let seconds = value.integerValue else { throw .malformed }
        return seconds
    }

    /// Of a token of the cluster: its client's, its subject's where that is one, and those of the tokens that it was made from.
    /// A certificate that signed one of those is among their keys too, and among nothing else in tokens of early versions.
    static func certificates(of claims: JWTClaims) throws(RejectionReason) -> [String] {
        var certificates: [String] = []
        func add(_ name: String) {
            if Fingerprint.isValid(name), !certificates.contains(name) { certificates.append(name) }
        }
        if let client = client(claims) { add(client) }
        if let subject = claims.subject { add(subject) }
        for name in try line("parent_client", of: claims) { add(name) }
        for name in try line("parent_kid", of: claims) { add(name) }
        return certificates
    }

    static func client(_ claims: JWTClaims) -> String? { claims.object["client_id"]?.stringValue }

    /// `scope` and `Allow` say the same in two dialects. Where both stand they must name the same
    /// scopes: a reader of either one must not be told something else than we are.
    static func scopes(of claims: JWTClaims) throws(RejectionReason) -> ScopeSet {
        if let scope = claims.scope, let allow = claims.allow, Set(scope) != Set(allow) { throw .malformed }
        return ScopeSet(claims.scope ?? claims.allow ?? [])
    }

    static func binding(of claims: JWTClaims) -> Binding {
        switch claims.confirmation {
        case nil: .none
        case .certificate(let thumbprint): .certificate(Hex.encode(thumbprint))
        case .unsupported: .unsatisfiable
        }
    }
}
