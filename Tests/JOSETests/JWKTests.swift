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
        let rsa = try PrivateKey.generate(.rsa(bits: 2_048)).publicKey
        let (n, e) = try #require(rsa.rsaNumbers)
        #expect(e == [1, 0, 1] && n.count == 256)
        let rsaText = #"{"e":"AQAB","kty":"RSA","n":"\#(Base64URL.encode(n))"}"#
        #expect(try JWK(rsa, algorithm: .ps256).keyID == Base64URL.encode(SHA256.hash(Array(rsaText.utf8))))
    }

    @Test("a published key comes back as the same key, and holds no private part", arguments: JWSAlgorithm.allCases.filter { !$0.isSymmetric })
    func roundTrip(algorithm: JWSAlgorithm) throws {
        let key = try TestKeys.make(algorithm)
        let jwk = try JWK(try #require(key.verificationKey.publicKey), algorithm: algorithm)
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
        #expect(throws: JWKError.unsupported(member: "crv")) { try JWK(with("crv", "P-256K")) }
        #expect(throws: JWKError.invalidKey) { try JWK(with("crv", "P-384")) }
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
        let strange: JSON = ["kty": "RSA", "alg": "RSA-OAEP", "n": "AQ", "e": "AQAB"]
        #expect(throws: JWKError.invalidKey) { try JWKSet(["keys": [["kty": "RSA", "alg": "RS256", "n": "AQ", "e": "AQAB"]]]) }
        #expect(try JWKSet(["keys": [["kty": "XYZ"], ["kty": "EC", "crv": "P-256K"], strange, first.json, ["kty": "oct", "k": "AAAA"]]]).keys.count == 1)
        #expect(throws: JWKError.duplicateKeyID) { try JWKSet(JWKSet([first, second]).json) }
        #expect(throws: JWKError.self) { try JWKSet(["keys": .array(Array(repeating: first.json, count: 257))]) }
    }

    @Test("a signing key survives being stored, and signs what its public half verifies", arguments: JWSAlgorithm.allCases)
    func stored(algorithm: JWSAlgorithm) throws {
        let key = try TestKeys.make(algorithm)
        let restored = try JWSSigningKey(algorithm, secret: key.secret())
        #expect(restored.keyID == key.keyID)
        let message = Array("message".utf8)
        var signature = try restored.sign(message.span)
        #expect(signature.count == restored.verificationKey.signatureByteCount)
        #expect(verifies(signature, message, key))
        signature[5] ^= 1
        #expect(!verifies(signature, message, key))
        signature[5] ^= 1
        #expect(!verifies(signature + [0], message, key))
        #expect(!verifies(Array(signature.dropLast()), message, key))
        #expect(!verifies([], message, key))
        #expect(!verifies(Array(repeating: 0, count: signature.count), message, key))
        guard algorithm.signature?.signatureByteCount(for: .rsa(bits: 2_048)) == nil else { return }
        #expect(!verifies(signature, message, try TestKeys.make(algorithm)))
    }

    private func verifies(_ signature: [UInt8], _ message: [UInt8], _ key: JWSSigningKey) -> Bool {
        key.verificationKey.isValidSignature(signature.span, for: message.span)
    }

    @Test("a stored key is not taken for one of another kind")
    func crossed() throws {
        for stored in JWSAlgorithm.allCases {
            let original = try TestKeys.make(stored)
            for wanted in JWSAlgorithm.allCases where wanted != stored {
                // A PKCS #8 text is long enough to be an HMAC secret; what matters is that its kid differs. An RSA key serves
                // six algorithms, and which one it is bound to is stored beside it.
                guard let key = try? JWSSigningKey(wanted, secret: original.secret()) else { continue }
                #expect(wanted.isSymmetric || key.verificationKey.publicKey?.type == original.verificationKey.publicKey?.type)
                #expect(key.keyID != original.keyID || (wanted.isSymmetric == stored.isSymmetric))
            }
        }
    }

    @Test("a key bound to one algorithm verifies nothing of another, though numbers and hash are the same")
    func bound() throws {
        let key = try TestKeys.make(.ps256)
        let message = Array("message".utf8)
        let signature = try key.sign(message.span)
        let publicKey = try #require(key.verificationKey.publicKey)
        for algorithm in JWSAlgorithm.allCases where algorithm != .ps256 {
            guard let other = try? JWSVerificationKey(publicKey, algorithm: algorithm) else { continue }
            let isValid = other.isValidSignature(signature.span, for: message.span)
            #expect(!isValid, "\(algorithm)")
        }
        #expect(verifies(signature, message, key))
    }

    @Test("RSA keys that are too short, too long, padded with zeros, or name no algorithm are refused")
    func rsaNumbers() throws {
        let key = try PrivateKey.generate(.rsa(bits: 2_048)).publicKey
        let (n, _) = try #require(key.rsaNumbers)
        func jwk(_ n: [UInt8], _ e: [UInt8] = [1, 0, 1], _ alg: JSON? = "RS256") throws(JWKError) -> JWK {
            var object: JSONObject = ["kty": "RSA", "n": .string(Base64URL.encode(n)), "e": .string(Base64URL.encode(e))]
            object["alg"] = alg
            return try JWK(.object(object))
        }
        _ = try jwk(n)
        #expect(throws: JWKError.algorithmMissing) { try jwk(n, [1, 0, 1], nil) }
        #expect(throws: JWKError.unsupported(member: "alg")) { try jwk(n, [1, 0, 1], "ES256") }
        #expect(throws: JWKError.unsupported(member: "alg")) { try jwk(n, [1, 0, 1], "none") }
        let wrong: [([UInt8], [UInt8])] = [
            ([0] + n, [1, 0, 1]), (Array(n.dropLast()), [1, 0, 1]), ([], [1, 0, 1]), (n, []), (n, [0, 1, 0, 1]), (n, [2]), (n, [1]),
            (n, [UInt8](repeating: 255, count: 9)), ([1] + [UInt8](repeating: 255, count: 1_024), [1, 0, 1]),
        ]
        for (n, e) in wrong { #expect(throws: JWKError.self) { try jwk(n, e) } }
    }

    @Test("an HMAC secret shorter than its hash is refused, at one byte less")
    func shortSecret() throws {
        for (algorithm, byteCount) in [(JWSAlgorithm.hs256, 32), (.hs384, 48), (.hs512, 64)] {
            _ = try JWSVerificationKey(secret: SecretBytes(count: byteCount), algorithm: algorithm)
            for short in [byteCount - 1, 0] {
                #expect(throws: JWKError.tooShort(byteCountMin: byteCount)) {
                    try JWSVerificationKey(secret: SecretBytes(count: short), algorithm: algorithm)
                }
            }
        }
    }
}
