internal import Raft
internal import Crypto
internal import JOSE
internal import Synchronization
internal import TrustStore

/// The key of one trusted certificate, for tokens that its holder signs.
///
/// Taken out of the certificate when the first token asks for it: most entries of a large store never sign one, and a
/// member that starts must not parse them all. The lock is for that one moment, on whatever loop it happens.
package final class TrustedKey: Sendable {
    let version: LogIndex
    private let fingerprint: String
    private let der: [UInt8]
    private let opened = Mutex<Opened?>(nil)
    private let issuer = Mutex<Issuer?>(nil)

    /// What is inside a certificate; without a key when it is none, or of a kind that signs no tokens.
    struct Opened: Sendable {
        let key: PublicKey?
        /// Unix seconds, both ends included.
        let validity: ClosedRange<Int64>
    }

    /// Which of a set's authorities issued it, as it was found out once.
    private struct Issuer {
        let set: AuthoritySet
        let link: AuthoritySet.Link?
    }

    /// The authority of the set that signed the certificate, whatever it says of its issuer; nil for none of them.
    func link(in set: AuthoritySet) -> AuthoritySet.Link? {
        issuer.withLock { issuer in
            if let issuer, issuer.set === set { return issuer.link }
            let link = (try? Certificate(der: der)).flatMap(set.link(of:))
            issuer = Issuer(set: set, link: link)
            return link
        }
    }

    init(_ record: TrustedCertificateRecord) {
        version = record.version
        fingerprint = record.fingerprint
        der = record.certificate
    }

    /// Nil when the bytes are not the certificate they are stored as: it vouches for nothing.
    func open() -> Opened? {
        opened.withLock { opened in
            if let opened { return opened }
            guard let certificate = try? Certificate(der: der), certificate.fingerprint == fingerprint,
                certificate.notBeforeAt <= certificate.notAfterAt
            else { return nil }
            let found = Opened(key: try? certificate.publicKey, validity: certificate.notBeforeAt...certificate.notAfterAt)
            opened = found
            return found
        }
    }
}
