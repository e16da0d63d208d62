import Crypto
import Testing

@Suite("Wycheproof")
struct WycheproofTests {
    @Test("ECDSA P-256 signatures in r‖s form are judged as the vectors say")
    func p256() throws {
        try check("ecdsa_secp256r1_sha256_p1363_test.json", .ecdsaP256SHA256, casesMin: 250)
    }

    @Test("ECDSA P-384 signatures in r‖s form are judged as the vectors say")
    func p384() throws {
        try check("ecdsa_secp384r1_sha384_p1363_test.json", .ecdsaP384SHA384, casesMin: 250)
    }

    @Test("ECDSA P-521 signatures in r‖s form are judged as the vectors say")
    func p521() throws {
        try check("ecdsa_secp521r1_sha512_p1363_test.json", .ecdsaP521SHA512, casesMin: 300)
    }

    @Test(
        "RSA PKCS #1 signatures are judged as the vectors say",
        arguments: [
            ("rsa_signature_2048_sha256_test.json", HashAlgorithm.sha256), ("rsa_signature_3072_sha384_test.json", .sha384),
            ("rsa_signature_4096_sha512_test.json", .sha512),
        ])
    func rsaPKCS1(name: String, hash: HashAlgorithm) throws {
        try check(name, .rsaPKCS1(hash), casesMin: 250)
    }

    @Test(
        "RSA PSS signatures, with salts as long as the hash, are judged as the vectors say",
        arguments: [
            ("rsa_pss_2048_sha256_mgf1_32_test.json", HashAlgorithm.sha256), ("rsa_pss_2048_sha384_mgf1_48_test.json", .sha384),
            ("rsa_pss_4096_sha512_mgf1_64_test.json", .sha512),
        ])
    func rsaPSS(name: String, hash: HashAlgorithm) throws {
        try check(name, .rsaPSS(hash), casesMin: 100)
    }

    /// PKCS #1 signatures whose DigestInfo lacks the NULL are "acceptable" to the vectors; RFC 8017 §9.2 lets a verifier
    /// refuse them, and this one does.
    private func check(_ name: String, _ algorithm: SignatureAlgorithm, casesMin: Int) throws {
        guard let file = try VectorFile.read(name) else { return }
        var cases = 0
        var acceptable: [Int] = []
        for group in file.testGroups {
            let key = try PublicKey(spki: bytes(group.publicKeyDer))
            for test in group.tests {
                let signature = try bytes(test.sig)
                let message = try bytes(test.msg)
                let isValid = key.isValidSignature(signature, for: message, algorithm: algorithm)
                if test.result == "acceptable" {
                    acceptable.append(test.tcId)
                    #expect(!isValid, "case \(test.tcId): \(test.comment)")
                } else {
                    #expect(isValid == (test.result == "valid"), "case \(test.tcId): \(test.comment)")
                }
                cases += 1
            }
        }
        if !acceptable.isEmpty { print("\(name): refused though acceptable: \(acceptable)") }
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

    @Test(
        "HMAC tags are judged as the vectors say",
        arguments: [
            ("hmac_sha256_test.json", HashAlgorithm.sha256), ("hmac_sha384_test.json", .sha384), ("hmac_sha512_test.json", .sha512),
        ])
    func hmac(name: String, hash: HashAlgorithm) throws {
        guard let file = try VectorFile.read(name) else { return }
        let hmac = HMAC(hash)
        var cases = 0
        for group in file.testGroups {
            let tagByteCount = try #require(group.tagSize) / 8
            for test in group.tests {
                let key = try SecretBytes(bytes(test.key))
                let message = try bytes(test.msg)
                let tag = try bytes(test.tag)
                let computed = hmac.authenticate(message, key: key)
                let matches = Array(computed.prefix(tagByteCount)) == tag
                #expect(matches == (test.result == "valid"), "case \(test.tcId): \(test.comment)")
                // Truncated tags are a feature of the vectors, not of this program.
                let isValid = hmac.isValid(tag, for: message, key: key)
                #expect(isValid == (test.result == "valid" && tagByteCount == hmac.byteCount), "case \(test.tcId): \(test.comment)")
                cases += 1
            }
        }
        #expect(cases == file.numberOfTests)
    }

    private func bytes(_ hex: String?) throws -> [UInt8] {
        try #require(hex.flatMap { Hex.decode($0) })
    }
}
