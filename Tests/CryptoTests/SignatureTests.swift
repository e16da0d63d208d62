import Crypto
import Testing

@Suite("Signatures")
struct SignatureTests {
    static let pairs: [(KeyType, SignatureAlgorithm)] = [
        (.p256, .ecdsaP256SHA256), (.p384, .ecdsaP384SHA384), (.p521, .ecdsaP521SHA512), (.ed25519, .ed25519),
        (.rsa(bits: 2_048), .rsaPKCS1(.sha256)), (.rsa(bits: 2_048), .rsaPSS(.sha512)),
    ]

    @Test("a signature verifies for its message and key only", arguments: pairs)
    func roundTrip(type: KeyType, algorithm: SignatureAlgorithm) throws {
        let key = try PrivateKey.generate(type)
        let message = Array("what was said".utf8)
        for _ in 0..<20 {
            let signature = try key.sign(message, algorithm: algorithm)
            #expect(signature.count == algorithm.signatureByteCount(for: type))
            #expect(key.publicKey.isValidSignature(signature, for: message, algorithm: algorithm))
            #expect(!key.publicKey.isValidSignature(signature, for: message + [0], algorithm: algorithm))
            #expect(!key.publicKey.isValidSignature(signature, for: [], algorithm: algorithm))
        }
        let signature = try key.sign(message, algorithm: algorithm)
        let other = try PrivateKey.generate(type).publicKey
        #expect(!other.isValidSignature(signature, for: message, algorithm: algorithm))
    }

    @Test("an empty message can be signed", arguments: pairs)
    func emptyMessage(type: KeyType, algorithm: SignatureAlgorithm) throws {
        let key = try PrivateKey.generate(type)
        let signature = try key.sign([], algorithm: algorithm)
        #expect(key.publicKey.isValidSignature(signature, for: [], algorithm: algorithm))
    }

    @Test("every flipped bit of a signature is noticed", arguments: pairs)
    func flippedBits(type: KeyType, algorithm: SignatureAlgorithm) throws {
        let key = try PrivateKey.generate(type)
        let message = Array("message".utf8)
        let signature = try key.sign(message, algorithm: algorithm)
        for bit in 0..<signature.count * 8 {
            var changed = signature
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!key.publicKey.isValidSignature(changed, for: message, algorithm: algorithm), "bit \(bit)")
        }
        #expect(key.publicKey.isValidSignature(signature, for: message, algorithm: algorithm), "the key must still work")
    }

    @Test("another length than the algorithm's is refused", arguments: pairs)
    func wrongLength(type: KeyType, algorithm: SignatureAlgorithm) throws {
        let key = try PrivateKey.generate(type)
        let signature = try key.sign([1], algorithm: algorithm)
        for changed in [[], Array(signature.dropLast()), Array(signature.dropFirst()), signature + [0], [0] + signature] {
            #expect(!key.publicKey.isValidSignature(changed, for: [1], algorithm: algorithm))
        }
    }

    /// n of P-256 (FIPS 186-4 D.1.2.3).
    static let order = Hex.decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")!
    static let zero = [UInt8](repeating: 0, count: 32)

    @Test("r and s outside 1..<n are refused")
    func outOfRange() throws {
        let key = try PrivateKey.generate(.p256)
        let signature = try key.sign([1], algorithm: .ecdsaP256SHA256)
        let (r, s) = (Array(signature.prefix(32)), Array(signature.suffix(32)))
        let highest = [UInt8](repeating: 0xff, count: 32)
        var one = Self.zero
        one[31] = 1
        let forged = [
            Self.zero + Self.zero, r + Self.zero, Self.zero + s, Self.order + s, r + Self.order, Self.order + Self.order,
            highest + s, r + highest, one + Self.zero, Self.zero + one, one + one,
        ]
        for (index, signature) in forged.enumerated() {
            #expect(!key.publicKey.isValidSignature(signature, for: [1], algorithm: .ecdsaP256SHA256), "forgery \(index)")
        }
    }

    @Test("a DER signature in place of r‖s is refused")
    func derInsteadOfRaw() throws {
        let key = try PrivateKey.generate(.p256)
        let raw = try key.sign([7], algorithm: .ecdsaP256SHA256)
        func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            var digits = Array(bytes.drop { $0 == 0 })
            if digits.isEmpty || digits[0] >= 0x80 { digits.insert(0, at: 0) }
            return [0x02, UInt8(digits.count)] + digits
        }
        let body = integer(raw.prefix(32)) + integer(raw.suffix(32))
        let der = [0x30, UInt8(body.count)] + body
        #expect(!key.publicKey.isValidSignature(der, for: [7], algorithm: .ecdsaP256SHA256))
        #expect(!key.publicKey.isValidSignature(Array(der.prefix(64)), for: [7], algorithm: .ecdsaP256SHA256))
    }

    @Test("a key refuses an algorithm of another key type, both ways")
    func algorithmConfusion() throws {
        for (type, _) in Self.pairs {
            let key = try PrivateKey.generate(type)
            for (otherType, other) in Self.pairs where otherType != type {
                #expect(throws: CryptoError.unsupported(.privateKey)) { try key.sign([1], algorithm: other) }
                let signature = [UInt8](repeating: 1, count: try #require(other.signatureByteCount(for: otherType)))
                #expect(!key.publicKey.isValidSignature(signature, for: [1], algorithm: other))
            }
        }
    }

    @Test("one key verifies on many tasks at once")
    func concurrentVerification() async throws {
        for (type, algorithm) in Self.pairs {
            let key = try PrivateKey.generate(type)
            let signatures = try (0..<8).map { try key.sign([UInt8($0)], algorithm: algorithm) }
            let verdicts = await withTaskGroup(of: Bool.self) { group in
                for task in 0..<16 {
                    group.addTask {
                        (0..<40).allSatisfy { round in
                            let index = (task + round) % 8
                            return key.publicKey.isValidSignature(signatures[index], for: [UInt8(index)], algorithm: algorithm)
                                && !key.publicKey.isValidSignature(signatures[index], for: [99], algorithm: algorithm)
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(verdicts.count == 16)
            #expect(verdicts.allSatisfy { $0 })
        }
    }
}
