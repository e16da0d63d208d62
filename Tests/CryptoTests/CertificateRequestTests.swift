import Crypto
import Testing

@Suite("Certificate requests")
struct CertificateRequestTests {
    private let uri = "credence://0123/4567"

    @Test("a request carries its key and names", arguments: [KeyType.p256, .p384, .ed25519])
    func roundTrip(type: KeyType) throws {
        let key = try PrivateKey.generate(type)
        let request = try CertificateRequest(der: CertificateRequest.make(commonName: "member-1", uriNames: [uri], key: key))
        #expect(request.publicKey == key.publicKey)
        #expect(request.commonName == "member-1")
        #expect(request.uriNames == [uri])
    }

    @Test("a request without names is fine")
    func withoutNames() throws {
        let key = try PrivateKey.generate(.p256)
        #expect(try CertificateRequest(der: CertificateRequest.make(commonName: "x", uriNames: [], key: key)).uriNames.isEmpty)
    }

    @Test("a request for a key that its maker does not hold is refused")
    func stolenKey() throws {
        let victim = try PrivateKey.generate(.p256).publicKey
        let attacker = try PrivateKey.generate(.p256)
        let der = try CertificateRequest.make(commonName: "x", uriNames: [], key: attacker)
        let position = try #require(der.indices.first { der[$0...].starts(with: attacker.publicKey.spki) })
        var forged = der
        forged.replaceSubrange(position..<position + victim.spki.count, with: victim.spki)
        #expect(throws: CryptoError.authenticationFailed) { try CertificateRequest(der: forged) }
    }

    @Test("a bad self-signature is refused")
    func badSignature() throws {
        let key = try PrivateKey.generate(.ed25519)
        var der = try CertificateRequest.make(commonName: "x", uriNames: [uri], key: key)
        der[der.count - 1] ^= 1
        #expect(throws: CryptoError.authenticationFailed) { try CertificateRequest(der: der) }
        let name = try #require(der.indices.first { der[$0...].starts(with: Array(uri.utf8)) })
        der[der.count - 1] ^= 1
        der[name] ^= 1
        #expect(throws: CryptoError.authenticationFailed) { try CertificateRequest(der: der) }
    }

    @Test("trailing bytes and oversize are refused")
    func envelopes() throws {
        let der = try CertificateRequest.make(commonName: "x", uriNames: [], key: PrivateKey.generate(.p256))
        for bytes in [[], der + [0], Array(der.dropLast()), der + [UInt8](repeating: 0, count: CertificateRequest.derBytesMax)] {
            #expect(throws: CryptoError.malformed(.certificateRequest)) { try CertificateRequest(der: bytes) }
        }
    }

    @Test("random changes never trap and never pass", arguments: 0..<4)
    func mutations(seed: Int) throws {
        var random = SeededRandom(seed)
        let der = try CertificateRequest.make(commonName: "member-1", uriNames: [uri], key: PrivateKey.generate(.p256))
        for _ in 0..<1500 {
            let changed = random.mutation(of: der)
            guard changed != der else { continue }
            #expect(throws: CryptoError.self, "seed \(seed): \(Hex.encode(changed))") { try CertificateRequest(der: changed) }
        }
    }
}
