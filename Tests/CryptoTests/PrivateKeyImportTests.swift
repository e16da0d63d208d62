import Crypto
import Subprocess
import Testing

@Suite("Private keys of other programs")
struct PrivateKeyImportTests {
    private func signs(_ key: PrivateKey, _ algorithm: SignatureAlgorithm) throws -> Bool {
        let message = Array("message".utf8)
        let signature = try key.sign(message, algorithm: algorithm)
        return key.publicKey.isValidSignature(signature.span, for: message.span, algorithm: algorithm)
    }

    /// Standard output alone: what openssl says while it works goes to the other.
    private func openssl(_ arguments: [String], input: String) async throws -> String {
        let result = try await run(
            .name("openssl"), arguments: Arguments(arguments), input: .string(input), output: .string(limit: 1 << 16),
            error: .string(limit: 1 << 16))
        try #require(result.terminationStatus.isSuccess, "\(arguments): \(result.standardError)")
        return result.standardOutput
    }

    @Test("every form of PEM that openssl writes is read as the same key", arguments: [
        (["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], KeyType.p256),
        (["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], .p384),
        (["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], .p521),
        (["genpkey", "-algorithm", "ED25519"], .ed25519),
        (["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], .rsa(bits: 2_048)),
    ])
    func pem(arguments: [String], type: KeyType) async throws {
        let pem = try await openssl(arguments, input: "")
        let key = try PrivateKey(pem: pem)
        #expect(key.type == type)
        guard type != .ed25519 else { return }
        let older = try await openssl(["pkey", "-traditional"], input: pem)
        #expect(older.contains("EC PRIVATE KEY") || older.contains("RSA PRIVATE KEY"))
        #expect(try PrivateKey(pem: older).publicKey == key.publicKey)
        #expect(try PrivateKey(pem: "words before\n" + older + "and after\n").publicKey == key.publicKey)
    }

    @Test("a text with no key, two, half of one, or an encrypted one is refused")
    func badPEM() async throws {
        let pem = try await openssl(["genpkey", "-algorithm", "ED25519"], input: "")
        let encrypted = try await openssl(["pkey", "-aes256", "-passout", "pass:x"], input: pem)
        let elliptic = try await openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], input: "")
        let old = try await openssl(["ec", "-aes256", "-passout", "pass:x"], input: elliptic)
        #expect(throws: CryptoError.unsupported(.privateKey)) { try PrivateKey(pem: encrypted) }
        #expect(throws: CryptoError.malformed(.pem)) { try PrivateKey(pem: old) }
        let publicHalf = PEM.encode(label: "PUBLIC KEY", try PrivateKey.generate(.p256).publicKey.spki)
        for text in ["", "x", pem + pem, String(pem.dropLast(40)), publicHalf] {
            #expect(throws: CryptoError.malformed(.pem), "\(text.prefix(40))") { try PrivateKey(pem: text) }
        }
        #expect(throws: CryptoError.malformed(.privateKey)) { try PrivateKey(pem: pem.replacing("PRIVATE", with: "EC PRIVATE")) }
        for curve in ["secp256k1", "brainpoolP256r1"] {
            let foreign = try await openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:\(curve)"], input: "")
            #expect(throws: CryptoError.unsupported(.privateKey)) { try PrivateKey(pem: foreign) }
        }
    }

    @Test("numbers that belong together make a key; a public half of another key does not")
    func ed25519() throws {
        let key = try PrivateKey.generate(.ed25519), other = try PrivateKey.generate(.ed25519)
        // The seed is what PKCS #8 ends with (RFC 8410 §7).
        let seed = key.pkcs8().withSpan { span in Array((0..<span.count).map { span[$0] }.suffix(32)) }
        let raw = try #require(key.publicKey.ed25519Bytes)
        let made = try PrivateKey(ed25519: seed, publicKey: raw)
        #expect(try made.publicKey == key.publicKey && signs(made, .ed25519))
        let foreign = try #require(other.publicKey.ed25519Bytes)
        #expect(throws: CryptoError.malformed(.privateKey)) { try PrivateKey(ed25519: seed, publicKey: foreign) }
        #expect(throws: CryptoError.malformed(.privateKey)) { try PrivateKey(ed25519: Array(seed.dropLast()), publicKey: raw) }
        #expect(throws: CryptoError.malformed(.privateKey)) { try PrivateKey(ed25519: seed, publicKey: []) }
    }

    @Test("a scalar of another point, of zero or of another length is refused", arguments: [KeyType.p256, .p384, .p521])
    func elliptic(curve: KeyType) throws {
        let count = try #require(curve.coordinateByteCount)
        let (x, y) = try #require(try PrivateKey.generate(curve).publicKey.coordinates)
        for scalar in [[UInt8](repeating: 0, count: count), [UInt8](repeating: 0, count: count - 1) + [1], [UInt8](repeating: 0xFF, count: count)] {
            #expect(throws: CryptoError.self) { try PrivateKey(curve, scalar: scalar, x: x, y: y) }
        }
        #expect(throws: CryptoError.self) { try PrivateKey(curve, scalar: [1], x: x, y: y) }
        #expect(throws: CryptoError.self) { try PrivateKey(.ed25519, scalar: x, x: x, y: y) }
    }

    @Test("numbers that make no RSA key are refused")
    func rsa() {
        let two = PrivateKey.RSANumbers(
            modulus: [UInt8](repeating: 0xFF, count: 256), publicExponent: [1, 0, 1], privateExponent: [3], primes: [[5], [7]],
            remainders: [[1], [1], [1]])
        #expect(throws: CryptoError.malformed(.privateKey)) { try PrivateKey(two) }
        var zero = two
        zero.primes = [[0], [7]]
        #expect(throws: CryptoError.malformed(.privateKey)) { try PrivateKey(zero) }
        var short = two
        short.modulus = [UInt8](repeating: 0xFF, count: 128)
        #expect(throws: CryptoError.malformed(.privateKey)) { try PrivateKey(short) }
        var empty = two
        empty.remainders = [[], [1], [1]]
        #expect(throws: CryptoError.malformed(.privateKey)) { try PrivateKey(empty) }
    }
}
