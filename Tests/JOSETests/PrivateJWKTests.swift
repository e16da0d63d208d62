import Crypto
import JOSE
import Testing

@Suite("Private JWKs")
struct PrivateJWKTests {
    private func object(_ text: String) throws -> JSONObject {
        try #require(JSON(parsing: text).objectValue)
    }

    private func failure(_ json: JSON, _ algorithm: JWSAlgorithm? = nil) -> JWKError? {
        do throws(JWKError) {
            _ = try JWSSigningKey(importing: json, algorithm: algorithm)
            return nil
        } catch {
            return error
        }
    }

    @Test("a key pair signs what its public half verifies, under the name it has", arguments: [
        (PrivateJWKs.p256, JWSAlgorithm.es256), (PrivateJWKs.p384, .es384), (PrivateJWKs.p521, .es512), (PrivateJWKs.ed25519, .edDSA),
        (PrivateJWKs.rsa, .ps256),
    ])
    func pairs(text: String, algorithm: JWSAlgorithm) throws {
        var json = try object(text)
        json["alg"] = .string(algorithm.rawValue)
        let unnamed = try JWSSigningKey(importing: .object(json))
        let published = try JWK(.object(json))
        #expect(unnamed.algorithm == algorithm && unnamed.keyID == published.thumbprint)
        json["kid"] = "2024-05"
        let key = try JWSSigningKey(importing: .object(json))
        #expect(key.keyID == "2024-05" && key.verificationKey.publicKey == published.publicKey)
        let message = Array("message".utf8)
        let signature = try key.sign(message.span)
        #expect(try JWSVerificationKey(published).isValidSignature(signature.span, for: message.span))
        // What is sealed and opened again is the same key.
        let restored = try JWSSigningKey(algorithm, secret: key.secret(), keyID: key.keyID)
        #expect(restored.verificationKey.publicKey == published.publicKey)
    }

    @Test("a symmetric key is for HS256 unless it says otherwise")
    func symmetric() throws {
        let k = Base64URL.encode([UInt8](repeating: 7, count: 64))
        #expect(try JWSSigningKey(importing: ["kty": "oct", "k": .string(k)]).algorithm == .hs256)
        #expect(try JWSSigningKey(importing: ["kty": "oct", "k": .string(k), "alg": "HS512", "kid": "a"]).keyID == "a")
        #expect(failure(["kty": "oct", "k": .string(Base64URL.encode([UInt8](0..<31)))]) == .tooShort(byteCountMin: 32))
        #expect(failure(["kty": "oct", "k": .string(k), "alg": "ES256"]) == .unsupported(member: "alg"))
        #expect(failure(["kty": "oct", "k": .string(Base64URL.encode([UInt8](repeating: 1, count: 1_025)))]) != nil)
        #expect(failure(["kty": "oct"]) != nil)
    }

    @Test("halves that do not fit, or are not there, make no key", arguments: [
        (PrivateJWKs.p256, ["d", "x", "y"]), (PrivateJWKs.p384, ["d", "x", "y"]), (PrivateJWKs.p521, ["d", "x", "y"]),
        (PrivateJWKs.ed25519, ["d", "x"]), (PrivateJWKs.rsa, ["n", "d", "p", "q", "dp", "dq", "qi"]),
    ])
    func spoiled(text: String, members: [String]) throws {
        let good = try object(text)
        #expect(failure(.object(good), text == PrivateJWKs.rsa ? .rs256 : nil) == nil)
        for member in members {
            var bytes = try #require(good[member]?.stringValue.flatMap(Base64URL.decode))
            var bad = good
            bad[member] = nil
            #expect(failure(.object(bad), .rs256) != nil, "without \(member)")
            // Odd differences only: an even one may leave a number of RSA's equivalent.
            bytes[bytes.count - 1] ^= 1
            bad[member] = .string(Base64URL.encode(bytes))
            #expect(failure(.object(bad), text == PrivateJWKs.rsa ? .rs256 : nil) != nil, "\(member) changed")
            bad[member] = .string(Base64URL.encode([0] + bytes))
            #expect(failure(.object(bad), text == PrivateJWKs.rsa ? .rs256 : nil) != nil, "\(member) with a leading zero")
            bad[member] = 1
            #expect(failure(.object(bad)) != nil, "\(member) is a number")
        }
    }

    @Test("a key for something else, of another kind, or that is used with two algorithms is refused")
    func refused() throws {
        var json = try object(PrivateJWKs.p256)
        #expect(failure(.object(json), .es384) != nil)
        json["alg"] = "ES256"
        #expect(failure(.object(json), .hs256) == .unsupported(member: "alg"))
        json["use"] = "enc"
        #expect(failure(.object(json)) == .wrongUse)
        json["use"] = "sig"
        json["crv"] = "secp256k1"
        #expect(failure(.object(json)) != nil)
        var rsa = try object(PrivateJWKs.rsa)
        #expect(failure(.object(rsa)) == .algorithmMissing)
        rsa["oth"] = .array([])
        #expect(failure(.object(rsa), .rs256) == .unsupported(member: "oth"))
        #expect(failure(["kty": "EC", "crv": "P-256"]) != nil)
        #expect(failure(.array([])) != nil)
        #expect(failure(["kty": "oct", "k": "AAAA", "kid": ""]) != nil)
    }
}
