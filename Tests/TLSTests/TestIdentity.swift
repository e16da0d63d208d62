import Crypto
import TLS

/// Certificates and keys made new for each test.
enum TestIdentity {
    static let now: Int64 = 1_800_000_000

    struct Authority {
        let certificate: Certificate
        let key: PrivateKey

        init(name: String = "Credence cluster test") throws {
            key = try PrivateKey.generate(.p256)
            let template = CertificateTemplate(commonName: name, notBeforeAt: now - 10, notAfterAt: now + 1_000_000, isAuthority: true)
            certificate = try Certificate.issue(template, publicKey: key.publicKey, issuer: nil, key: key)
        }

        /// A member's leaf and the authority after it.
        func member(
            _ key: PrivateKey? = nil, from notBeforeAt: Int64 = now - 10, through notAfterAt: Int64 = now + 1000,
            usages: Set<CertificateTemplate.Usage> = [.serverAuth, .clientAuth]
        ) throws -> TLSIdentity {
            let key = try key ?? PrivateKey.generate(.p256)
            let template = CertificateTemplate(
                commonName: "member", notBeforeAt: notBeforeAt, notAfterAt: notAfterAt, uriNames: ["credence://c/m"],
                usages: usages)
            let leaf = try Certificate.issue(template, publicKey: key.publicKey, issuer: certificate, key: self.key)
            return TLSIdentity(chain: [leaf, certificate], key: key)
        }
    }

    static func selfSigned(
        _ name: String, _ type: KeyType = .p256, from notBeforeAt: Int64 = now - 10, through notAfterAt: Int64 = now + 1000
    ) throws -> TLSIdentity {
        let key = try PrivateKey.generate(type)
        let template = CertificateTemplate(
            commonName: name, notBeforeAt: notBeforeAt, notAfterAt: notAfterAt, dnsNames: ["credence.test"], usages: [.serverAuth, .clientAuth])
        return TLSIdentity(chain: [try Certificate.issue(template, publicKey: key.publicKey, issuer: nil, key: key)], key: key)
    }
}

extension TLSContext {
    static func plainServer(_ identity: TLSIdentity) throws(TLSError) -> TLSContext {
        try server(identity: identity, peerIdentity: nil, alpn: ["http/1.1"])
    }

    /// A client that pins `server`'s leaf.
    static func pinning(
        _ server: TLSIdentity, identity: TLSIdentity? = nil, alpn: [String] = []
    ) throws(TLSError) -> TLSContext {
        try client(identity: identity, alpn: alpn, verification: .leafFingerprint(server.chain[0].fingerprint))
    }
}
