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
        return record
    }
}
