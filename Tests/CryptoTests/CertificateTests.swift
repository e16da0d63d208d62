import Crypto
import Testing

@Suite("Certificates")
struct CertificateTests {
    private let authorities = TestAuthority()

    @Test("a cluster authority, a member leaf and a server leaf say what their templates said")
    func issueAndParse() throws {
        let member = try authorities.member()
        #expect(authorities.certificate.isAuthority)
        #expect(authorities.certificate.subjectCommonName == "Credence cluster test")
        #expect(authorities.certificate.isIssued(by: authorities.certificate))
        #expect(!member.isAuthority)
        #expect(member.uriNames == ["credence://0123/4567"])
        #expect(member.dnsNames.isEmpty && member.ipAddresses.isEmpty)
        #expect(member.notBeforeAt == TestAuthority.madeAt)
        #expect(member.notAfterAt == TestAuthority.madeAt + 86_400)
        #expect(member.isIssued(by: authorities.certificate))

        let server = try authorities.server()
        #expect(server.dnsNames == ["credence.test", "*.members.test"])
        #expect(server.ipAddresses == [[127, 0, 0, 1], [UInt8](repeating: 0, count: 15) + [1]])
        #expect(try Certificate(der: server.der) == server)
        #expect(try Certificate(pem: server.pem) == server)
        #expect(server.fingerprint == Hex.encode(SHA256.hash(server.der)))
        #expect(server.fingerprint.utf8.count == 64)
    }

    @Test("the key inside is the one it was issued for", arguments: [KeyType.p256, .p384, .ed25519])
    func publicKey(type: KeyType) throws {
        let key = try PrivateKey.generate(type)
        let leaf = try authorities.issue(CertificateTemplate(commonName: "x", notBeforeAt: 0, notAfterAt: 1), for: key.publicKey)
        #expect(try leaf.publicKey == key.publicKey)
        #expect(leaf.subjectPublicKeyInfo == key.publicKey.spki)
        let own = try Certificate.issue(
            CertificateTemplate(commonName: "self", notBeforeAt: 0, notAfterAt: 1, isAuthority: true), publicKey: key.publicKey, issuer: nil, key: key)
        #expect(own.isIssued(by: own))
    }

    @Test("an issuer is recognised by signature, name and authority, not by one of them")
    func wrongIssuers() throws {
        let member = try authorities.member()
        // The same name and another key.
        #expect(!member.isIssued(by: TestAuthority().certificate))
        // The right key without the right to issue.
        let powerless = try authorities.issue(
            CertificateTemplate(commonName: "Credence cluster test", notBeforeAt: 0, notAfterAt: 1), for: authorities.key.publicKey)
        #expect(!member.isIssued(by: powerless))
        // A leaf that signs for another leaf.
        let leafKey = try PrivateKey.generate(.p256)
        let leaf = try authorities.issue(CertificateTemplate(commonName: "leaf", notBeforeAt: 0, notAfterAt: 1), for: leafKey.publicKey)
        let forged = try Certificate.issue(
            CertificateTemplate(commonName: "forged", notBeforeAt: 0, notAfterAt: 1), publicKey: leafKey.publicKey, issuer: leaf, key: leafKey)
        #expect(!forged.isIssued(by: leaf))
        #expect(!forged.isIssued(by: authorities.certificate))
        // The right name, signed by a stranger's authority.
        let stranger = TestAuthority()
        let claimed = try stranger.member()
        #expect(!claimed.isIssued(by: authorities.certificate))
    }

    @Test("a certificate cannot be issued with a key that is not the issuer's")
    func issuerKeyMismatch() throws {
        let other = try PrivateKey.generate(.p256)
        let template = CertificateTemplate(commonName: "x", notBeforeAt: 0, notAfterAt: 1)
        #expect(throws: CryptoError.unsupported(.privateKey)) {
            try Certificate.issue(template, publicKey: other.publicKey, issuer: authorities.certificate, key: other)
        }
        #expect(throws: CryptoError.unsupported(.privateKey)) {
            try Certificate.issue(template, publicKey: other.publicKey, issuer: nil, key: authorities.key)
        }
    }

    @Test("both ends of the validity period belong to it, on both sides of 2050")
    func validity() throws {
        // The last three need GeneralizedTime; the last is the end of year 9999.
        for (from, through) in [(0, 1), (1_800_000_000, 1_800_000_060), (2_524_607_999, 2_524_608_000), (4_102_444_800, 253_402_300_799)] as [(Int64, Int64)] {
            let leaf = try authorities.issue(CertificateTemplate(commonName: "x", notBeforeAt: from, notAfterAt: through))
            #expect(leaf.notBeforeAt == from)
            #expect(leaf.notAfterAt == through)
            #expect(leaf.isValid(at: from) && leaf.isValid(at: through))
            #expect(!leaf.isValid(at: from - 1) && !leaf.isValid(at: through + 1))
        }
        for (from, through) in [(1, 0), (0, 253_402_300_800), (Int64.min, 0), (0, Int64.max)] as [(Int64, Int64)] {
            #expect(throws: CryptoError.outOfBounds(.validity)) {
                try authorities.issue(CertificateTemplate(commonName: "x", notBeforeAt: from, notAfterAt: through))
            }
        }
    }

    @Test("names that could mean something else are not issued")
    func badNames() {
        let bad = CryptoError.malformed(.certificateName)
        func template(
            name: String = "x", dns: [String] = [], addresses: [String] = [], uris: [String] = []
        ) -> CertificateTemplate {
            CertificateTemplate(commonName: name, notBeforeAt: 0, notAfterAt: 1, dnsNames: dns, ipAddresses: addresses, uriNames: uris)
        }
        for name in ["", "a\u{0}b", "a\nb", String(repeating: "x", count: 65)] {
            #expect(throws: bad) { try authorities.issue(template(name: name)) }
        }
        for name in ["", "good.test\u{0}.evil.test", "a b", "é.test", "a\n", String(repeating: "x", count: 1025)] {
            #expect(throws: bad) { try authorities.issue(template(dns: [name])) }
            #expect(throws: bad) { try authorities.issue(template(uris: [name])) }
        }
        for address in ["", "256.0.0.1", "1.2.3", "localhost", "fe80::1%eth0", "1.2.3.4/8", "::1\u{0}", "DNS:x"] {
            #expect(throws: bad, "\(address)") { try authorities.issue(template(addresses: [address])) }
        }
    }

    @Test("serial numbers are positive and bounded")
    func serials() throws {
        func template(_ serial: [UInt8]) -> CertificateTemplate {
            CertificateTemplate(commonName: "x", serial: serial, notBeforeAt: 0, notAfterAt: 1)
        }
        for serial in [[], [0, 0], [UInt8](repeating: 1, count: 20)] {
            #expect(throws: CryptoError.outOfBounds(.serialNumber)) { try authorities.issue(template(serial)) }
        }
        for serial in [[1], [UInt8](repeating: 0xff, count: 16), [UInt8](repeating: 0xff, count: 19)] {
            #expect(try authorities.issue(template(serial)).isIssued(by: authorities.certificate))
        }
    }

    @Test("trailing bytes, oversize and empty input are refused")
    func envelopes() throws {
        let der = authorities.certificate.der
        for bytes in [[], [0x30], der + [0], Array(der.dropLast()), der + der, [UInt8](repeating: 0x30, count: Certificate.derBytesMax + 1)] {
            #expect(throws: CryptoError.malformed(.certificate)) { try Certificate(der: bytes) }
        }
        // The outer SEQUENCE with its length in three bytes instead of two is BER, not DER.
        #expect(der[1] == 0x82)
        let berEnvelope = [0x30, 0x83, 0x00] + der[2...]
        #expect(throws: CryptoError.malformed(.certificate)) { try Certificate(der: berEnvelope) }
        let pem = authorities.certificate.pem
        for text in ["", pem + pem, pem.replacing("CERTIFICATE", with: "PUBLIC KEY")] {
            #expect(throws: CryptoError.malformed(.pem)) { try Certificate(pem: text) }
        }
    }

    @Test("random changes to a certificate never trap, and never keep its issuer's word", arguments: 0..<8)
    func mutations(seed: Int) throws {
        var random = SeededRandom(seed)
        let original = try seed.isMultiple(of: 2) ? authorities.server() : authorities.member()
        for _ in 0..<1500 {
            let bytes = random.mutation(of: original.der)
            guard bytes != original.der, let changed = try? Certificate(der: bytes) else { continue }
            touch(changed)
            #expect(changed.der == bytes)
            #expect(!changed.isIssued(by: authorities.certificate), "seed \(seed): \(Hex.encode(bytes))")
            _ = original.isIssued(by: changed)
        }
    }

    @Test("random changes to PEM text never trap", arguments: 0..<4)
    func pemMutations(seed: Int) throws {
        var random = SeededRandom(seed)
        let text = Array(try authorities.server().pem.utf8)
        for _ in 0..<1500 {
            let changed = String(decoding: random.mutation(of: text), as: UTF8.self)
            if let certificate = try? Certificate(pem: changed) { touch(certificate) }
        }
    }

    @Test("random bytes never trap")
    func garbage() {
        var random = SeededRandom(99)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(throws: CryptoError.self) { try Certificate(der: bytes) }
            #expect(throws: CryptoError.self) { try CertificateRequest(der: bytes) }
            #expect(throws: CryptoError.self) { try PublicKey(spki: bytes) }
            #expect(throws: CryptoError.self) { try PrivateKey(pkcs8: SecretBytes(bytes)) }
        }
    }

    private func touch(_ certificate: Certificate) {
        _ = (certificate.subjectCommonName, certificate.dnsNames, certificate.uriNames, certificate.ipAddresses)
        _ = (certificate.isAuthority, certificate.notBeforeAt, certificate.notAfterAt, certificate.pem, certificate.fingerprint)
        _ = try? certificate.publicKey
    }
}
