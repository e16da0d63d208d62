package import Crypto
import EventLoop
import HashTreeCollections
package import TrustStore

extension Member {
    /// Days for which a client certificate is issued.
    package static let issuedDaysRange: ClosedRange<Int64> = 1...825
    package static let issuedDaysDefault: Int64 = 90

    /// Signs a client certificate with the cluster's CA for the key of a request, and trusts it: one entry of the log does both.
    ///
    /// - Parameter request: proves that whoever made it holds the key; nothing else in it is taken over.
    /// - Returns: the entry of the certificate, of the first one where an `Idempotency-Key` is used again.
    package func issueCertificate(
        for request: CertificateRequest, name: String, days: Int64, isRestricted: Bool, projects: [String], summary: String,
        by actor: TrustStore.Actor, requestID: RequestID? = nil
    ) async throws(ProposeError) -> TrustedCertificateRecord {
        guard let cluster = view.state.cluster else { throw .noLeader }
        let certificate = try sign(request, name: name, days: days, cluster)
        let entry = NewCertificate(
            fingerprint: certificate.fingerprint, certificate: certificate.der, type: .client, name: name, summary: summary,
            isRestricted: isRestricted, projects: projects)
        let committed = try await propose(
            .issueCertificate(IssueCertificate(entry: entry, serial: certificate.serial, expiresAt: certificate.notAfterAt)), by: actor,
            requestID: requestID)
        guard let record = view.state.certificates[committed.result.id] else {
            throw .refused(CommandRefusal(.certificateUnknown, "the certificate was issued and its entry removed since"))
        }
        return record
    }

    private func sign(
        _ request: CertificateRequest, name: String, days: Int64, _ cluster: ClusterRecord
    ) throws(ProposeError) -> Certificate {
        let now = WallClock.nowSeconds()
        do {
            let authority = try Certificate(der: cluster.caCertificate)
            let key = try PrivateKey(pkcs8: node.identity.custody.open(cluster.sealedCAKey, for: .authorityKey))
            let template = CertificateTemplate(
                commonName: name, notBeforeAt: now - Founding.backdatedSeconds,
                notAfterAt: min(now + days * 86_400, authority.notAfterAt), usages: [.clientAuth])
            return try Certificate.issue(template, publicKey: request.publicKey, issuer: authority, key: key)
        } catch CryptoError.malformed(.certificateName) {
            throw .refused(CommandRefusal(.invalid, "field \"name\" must be 1 to 64 bytes without control characters, to stand in a certificate"))
        } catch {
            throw .keyUnavailable("the certificate could not be issued: \(error)")
        }
    }
}
