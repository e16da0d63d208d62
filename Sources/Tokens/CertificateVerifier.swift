package import Crypto
internal import HashTreeCollections
package import TrustStore

/// Decides about a client certificate that its holder has proved to hold, in the TLS handshake.
package enum CertificateVerifier {
    /// The entry that vouches for it. A certificate is recognised by all of its bytes, never by its key or its names.
    ///
    /// - Parameter now: this member's wall clock; see `TokenClock`.
    package static func entry(
        of certificate: Certificate, in view: TokenView, now: Int64
    ) throws(RejectionReason) -> TrustedCertificateRecord {
        guard let record = view.state.certificates[certificate.fingerprint], record.certificate == certificate.der else {
            throw .unknownCertificate
        }
        let clock = TokenClock.now(wallClock: now, appliedAtMilliseconds: view.state.appliedAtMilliseconds)
        guard certificate.isValid(at: clock) else { throw .certificateExpired }
        guard view.state.broadRevocations[RevocationTarget.name(ofCertificate: record.fingerprint)] == nil else { throw .certificateRevoked }
        if let reason = view.listRefusal(ofEntry: record, at: clock) { throw reason }
        return record
    }

    /// A certificate without an entry, as the authority that its path leads to says: as if there were an entry.
    ///
    /// - Parameter sent: what its holder sent besides; believed in nothing.
    package static func vouched(
        _ certificate: Certificate, sent: [Certificate], in view: TokenView, now: Int64, paths: PathCache?
    ) throws(RejectionReason) -> TrustedCertificateRecord {
        let set = view.keys.authorities
        guard !set.isEmpty, certificate.der.count <= StateLimits.blobBytesMax else { throw .unknownCertificate }
        let clock = TokenClock.now(wallClock: now, appliedAtMilliseconds: view.state.appliedAtMilliseconds)
        let path: VouchedPath
        if let paths {
            path = try paths.path(of: certificate, sent: sent, in: set, at: clock)
        } else {
            path = try set.path(of: certificate, sent: sent, at: clock)
        }
        guard let authority = view.state.authorities[path.authority] else { throw .unknownCertificate }
        // An entry wins, also that of the certificate which this one is but for the form of a signature.
        guard path.leafTwin.map({ view.state.certificates[$0] == nil }) ?? true else { throw .unknownCertificate }
        guard path.validity.contains(clock) else { throw .certificateExpired }
        for fingerprint in path.fingerprints where view.state.broadRevocations[RevocationTarget.name(ofCertificate: fingerprint)] != nil {
            throw .certificateRevoked
        }
        if let reason = view.listRefusal(ofPath: path, vouchedBy: authority, at: clock) { throw reason }
        return TrustedCertificateRecord(
            fingerprint: certificate.fingerprint, certificate: certificate.der, type: authority.type,
            name: certificate.subjectCommonName ?? "", summary: "", isRestricted: authority.isRestricted, projects: authority.projects,
            tokenHash: nil, createdAt: authority.createdAt, createdBy: authority.fingerprint, version: authority.version)
    }
}
