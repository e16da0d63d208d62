import Crypto

/// A cluster's certificate authority, made new for each test.
struct TestAuthority {
    static let madeAt: Int64 = 1_800_000_000

    let key: PrivateKey
    let certificate: Certificate

    init() {
        do {
            key = try PrivateKey.generate(.p256)
            let template = CertificateTemplate(
                commonName: "Credence cluster test", notBeforeAt: Self.madeAt, notAfterAt: Self.madeAt + 10 * 365 * 86_400, isAuthority: true)
            certificate = try Certificate.issue(template, publicKey: key.publicKey, issuer: nil, key: key)
        } catch {
            fatalError("no authority for the test: \(error)")
        }
    }

    func issue(_ template: CertificateTemplate, for publicKey: PublicKey? = nil) throws -> Certificate {
        let publicKey = try publicKey ?? PrivateKey.generate(.p256).publicKey
        return try Certificate.issue(template, publicKey: publicKey, issuer: certificate, key: key)
    }

    func member() throws -> Certificate {
        try issue(CertificateTemplate(
            commonName: "member-1", notBeforeAt: Self.madeAt, notAfterAt: Self.madeAt + 86_400,
            uriNames: ["credence://0123/4567"], usages: [.serverAuth, .clientAuth]))
    }

    func server() throws -> Certificate {
        try issue(CertificateTemplate(
            commonName: "credence", notBeforeAt: Self.madeAt, notAfterAt: Self.madeAt + 86_400,
            dnsNames: ["credence.test", "*.members.test"], ipAddresses: ["127.0.0.1", "::1"], usages: [.serverAuth]))
    }
}
