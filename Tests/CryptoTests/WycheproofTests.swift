import Crypto
import Testing

@Suite("Wycheproof")
struct WycheproofTests {
    @Test("ECDSA P-256 signatures in r‖s form are judged as the vectors say")
    func p256() throws {
        try checkECDSA("ecdsa_secp256r1_sha256_p1363_test.json", .ecdsaP256SHA256, casesMin: 250)
    }

    @Test("ECDSA P-384 signatures in r‖s form are judged as the vectors say")
    func p384() throws {
        try checkECDSA("ecdsa_secp384r1_sha384_p1363_test.json", .ecdsaP384SHA384, casesMin: 250)
    }

    private func checkECDSA(_ name: String, _ algorithm: SignatureAlgorithm, casesMin: Int) throws {
        guard let file = try VectorFile.read(name) else { return }
        var cases = 0
        for group in file.testGroups {
            let key = try PublicKey(spki: bytes(group.publicKeyDer))
            for test in group.tests {
                let signature = try bytes(test.sig)
                let message = try bytes(test.msg)
                let isValid = key.isValidSignature(signature, for: message, algorithm: algorithm)
                #expect(isValid == (test.result == "valid"), "case \(test.tcId): \(test.comment)")
                cases += 1
            }
        }
        #expect(cases == file.numberOfTests)
        #expect(cases >= casesMin)
    }

    @Test("Ed25519 signatures are judged as the vectors say")
    func ed25519() throws {
        guard let file = try VectorFile.read("ed25519_test.json") else { return }
        var cases = 0
        for group in file.testGroups {
            let key = try PublicKey(ed25519: bytes(group.publicKey?.pk))
            for test in group.tests {
                let signature = try bytes(test.sig)
                let message = try bytes(test.msg)
                let isValid = key.isValidSignature(signature, for: message, algorithm: .ed25519)
                #expect(isValid == (test.result == "valid"), "case \(test.tcId): \(test.comment)")
                cases += 1
            }
        }
        #expect(cases == file.numberOfTests)
        #expect(cases >= 100)
    }

    @Test("HMAC-SHA-256 tags are judged as the vectors say")
    func hmac() throws {
        guard let file = try VectorFile.read("hmac_sha256_test.json") else { return }
        var cases = 0
        for group in file.testGroups {
            let tagByteCount = try #require(group.tagSize) / 8
            for test in group.tests {
                let key = try SecretBytes(bytes(test.key))
                let message = try bytes(test.msg)
                let tag = try bytes(test.tag)
                let computed = HMACSHA256.authenticate(message, key: key)
                let matches = Array(computed.prefix(tagByteCount)) == tag
                #expect(matches == (test.result == "valid"), "case \(test.tcId): \(test.comment)")
                // Truncated tags are a feature of the vectors, not of this program.
                let isValid = HMACSHA256.isValid(tag, for: message, key: key)
                #expect(isValid == (test.result == "valid" && tagByteCount == 32), "case \(test.tcId): \(test.comment)")
                cases += 1
            }
        }
        #expect(cases == file.numberOfTests)
    }

    private func bytes(_ hex: String?) throws -> [UInt8] {
        try #require(hex.flatMap { Hex.decode($0) })
    }
}
