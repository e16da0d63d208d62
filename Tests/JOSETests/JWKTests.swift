import Crypto
import JOSE
import Testing

@Suite("Keys")
struct JWKTests {
    @Test("the thumbprint is the hash of the required members, in order, and nothing else")
    func thumbprint() throws {
        let ec = try PrivateKey.generate(.p256).publicKey
        let (x, y) = try #require(ec.coordinates)
        let ecText = #"{"crv":"P-256","kty":"EC","x":"\#(Base64URL.encode(x))","y":"\#(Base64URL.encode(y))"}"#
        #expect(try JWK(ec, keyID: "other").thumbprint == Base64URL.encode(SHA256.hash(Array(ecText.utf8))))
        let okp = try PrivateKey.generate(.ed25519).publicKey
        let raw = try #require(okp.ed25519Bytes)
        let okpText = #"{"crv":"Ed25519","kty":"OKP","x":"\#(Base64URL.encode(raw))"}"#
        #expect(try JWK(okp).keyID == Base64URL.encode(SHA256.hash(Array(okpText.utf8))))
    }

    @Test("a published key comes back as the same key, and holds no private part", arguments: [JWSAlgorithm.es256, .edDSA])
    func roundTrip(algorithm: JWSAlgorithm) throws {
        let key = try JWSSigningKey.generate(algorithm)
        let jwk = try JWK(try #require(key.verificationKey.publicKey))
        #expect(jwk.keyID == key.keyID && jwk.algorithm == algorithm)
        #expect(jwk.json["d"] == nil && jwk.json["use"] == "sig" && jwk.json["alg"] == .string(algorithm.rawValue))
        let set = try JWKSet(JSON(parsing: JWKSet([jwk]).json.encoded()))
        #expect(set.keys.map(\.keyID) == [key.keyID])
        #expect(set.keys[0].publicKey == jwk.publicKey)
    }

    @Test("a key that does not fit what it says is refused")
    func refused() throws {
        let key = try PrivateKey.generate(.p256).publicKey
        let good = try #require(JWK(key).json.objectValue)
        func with(_ name: String, _ value: JSON?) -> JSON {
            var changed = good
            changed[name] = value
            return .object(changed)
        }
        _ = try JWK(.object(good))
        #expect(throws: JWKError.unsupported(member: "alg")) { try JWK(with("alg", "HS256")) }
        #expect(throws: JWKError.unsupported(member: "alg")) { try JWK(with("alg", "ES384")) }
        #expect(throws: JWKError.unsupported(member: "crv")) { try JWK(with("crv", "P-384")) }
        #expect(throws: JWKError.unsupported(member: "kty")) { try JWK(with("kty", "oct")) }
        #expect(throws: JWKError.unsupported(member: "crv")) { try JWK(with("kty", "OKP")) }
        #expect(throws: JWKError.wrongUse) { try JWK(with("use", "enc")) }
        #expect(throws: JWKError.wrongUse) { try JWK(with("key_ops", ["wrapKey"])) }
        let (x, y) = try #require(key.coordinates)
        var off = y
        off[31] ^= 1
        #expect(throws: JWKError.invalidKey) { try JWK(with("y", .string(Base64URL.encode(off)))) }
        #expect(throws: JWKError.invalidKey) { try JWK(with("x", .string(Base64URL.encode(Array(x.dropFirst()))))) }
        #expect(throws: JWKError.self) { try JWK(with("x", .string(Base64URL.encode([0] + x)))) }
        #expect(throws: JWKError.self) { try JWK(with("x", nil)) }
    }

    @Test("a set skips kinds it does not know, and refuses one kid for two keys")
    func sets() throws {
        let first = try JWK(try PrivateKey.generate(.p256).publicKey, keyID: "same")
        let second = try JWK(try PrivateKey.generate(.ed25519).publicKey, keyID: "same")
        #expect(try JWKSet(["keys": [["kty": "RSA", "n": "AQ", "e": "AQAB"], first.json, ["kty": "oct", "k": "AAAA"]]]).keys.count == 1)
        #expect(throws: JWKError.duplicateKeyID) { try JWKSet(JWKSet([first, second]).json) }
        #expect(throws: JWKError.self) { try JWKSet(["keys": .array(Array(repeating: first.json, count: 257))]) }
    }

    @Test("a signing key survives being stored, and signs what its public half verifies", arguments: JWSAlgorithm.allCases)
    func stored(algorithm: JWSAlgorithm) throws {
        let key = try JWSSigningKey.generate(algorithm)
        let restored = try JWSSigningKey(algorithm, secret: key.secret())
        #expect(restored.keyID == key.keyID)
        let message = Array("message".utf8)
        var signature = try restored.sign(message.span)
        #expect(signature.count == algorithm.signatureByteCount)
        #expect(verifies(signature, message, key))
        signature[5] ^= 1
        #expect(!verifies(signature, message, key))
        signature[5] ^= 1
        #expect(!verifies(signature + [0], message, key))
        #expect(!verifies(Array(signature.dropLast()), message, key))
        #expect(!verifies([], message, key))
        #expect(!verifies(Array(repeating: 0, count: signature.count), message, key))
        #expect(!verifies(signature, message, try JWSSigningKey.generate(algorithm)))
    }

    private func verifies(_ signature: [UInt8], _ message: [UInt8], _ key: JWSSigningKey) -> Bool {
        key.verificationKey.isValidSignature(signature.span, for: message.span)
    }

    @Test("a stored key is not taken for one of another algorithm")
    func crossed() throws {
        for stored in JWSAlgorithm.allCases {
            for wanted in JWSAlgorithm.allCases where wanted != stored {
                let secret = try JWSSigningKey.generate(stored).secret()
                // A PKCS #8 text is long enough to be an HMAC secret; what matters is that its kid differs.
                guard let key = try? JWSSigningKey(wanted, secret: secret) else { continue }
                #expect(wanted == .hs256)
                #expect(try key.keyID != JWSSigningKey(stored, secret: secret).keyID)
            }
        }
    }

    @Test("an HMAC secret shorter than its hash is refused, at one byte less")
    func shortSecret() throws {
        _ = try JWSVerificationKey(hs256: SecretBytes(count: 32))
        #expect(throws: JWKError.tooShort) { try JWSVerificationKey(hs256: SecretBytes(count: 31)) }
        #expect(throws: JWKError.tooShort) { try JWSVerificationKey(hs256: SecretBytes(count: 0)) }
    }
}
