import Crypto
import JOSE
import Testing

@testable import credence

/// Keystores as Forest and Lotus write them, made here. A keystore that Forest itself made stands in its repository
/// (src/key_management/tests/keystore_encrypted_old); it opens by its passphrase and has no entry for tokens.
enum TestKeystore {
    static let secret = [UInt8](100..<132)
    static let passphrase = SecretBytes(Array("open sesame".utf8))

    /// Made with PyNaCl and argon2-cffi.
    static let foreign =
        "AAECAwQFBgcICQoLDA0ODxhavh7b2Wo5tvOhdC8pCq5cg3x6CjhjyCA+7VyJtQKw+C2hExGumNmOFxGddRx0G/yX4+oBTT4cfOwq4Mf7jdHLaRrJW+Bn"
        + "JLKD55P5YpbzR2Ifktf3c5z5cOKTGgHpK/0CMY2f9cRpfV/v6U7VtxxxLbHG/L6/m/YbeMjJysvMzc7P0NHS09TV1tfY2drb3N3e3w=="

    static func text(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return bytes.count < 24 ? [0x60 + UInt8(bytes.count)] + bytes : [0x78, UInt8(bytes.count)] + bytes
    }

    /// As serde writes a `Vec<u8>`: an array of numbers.
    static func numbers(_ bytes: [UInt8]) -> [UInt8] {
        [0x98, UInt8(bytes.count)] + bytes.flatMap { $0 < 24 ? [$0] : [0x18, $0] }
    }

    static func entry(_ key: [UInt8], name: String = "auth-jwt-private") -> [UInt8] {
        text(name) + [0xA2] + text("key_type") + [2] + text("private_key") + key
    }

    static func sealed(_ message: [UInt8]) throws -> [UInt8] {
        let salt = SecureRandom.bytes(16), nonce = SecureRandom.bytes(24)
        let key = try Argon2id.derive(passphrase: passphrase, salt: salt, parameters: .interactive, count: 32)
        return salt + (try XSalsa20Poly1305.seal(message.span, key: key, nonce: nonce)) + nonce
    }
}

@Suite("Keystores of nodes")
struct NodeKeystoreTests {
    private let secret = SecretBytes(TestKeystore.secret)

    private func failure(_ body: () throws(NodeKeystore.Failure) -> SecretBytes) -> NodeKeystore.Failure? {
        do throws(NodeKeystore.Failure) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    @Test("an encrypted Forest keystore that other libraries made is opened by its passphrase and by no other")
    func foreign() throws {
        let bytes = try #require(Base64.decode(TestKeystore.foreign))
        #expect(NodeKeystore.isEncryptedForest(bytes))
        #expect(try NodeKeystore.encryptedForest(bytes, passphrase: TestKeystore.passphrase) == secret)
        let wrong = SecretBytes(Array("open sesamy".utf8))
        #expect(failure { () throws(NodeKeystore.Failure) in try NodeKeystore.encryptedForest(bytes, passphrase: wrong) } == .wrongPassphrase)
        var damaged = bytes
        damaged[40] ^= 1
        #expect(failure { () throws(NodeKeystore.Failure) in try NodeKeystore.encryptedForest(damaged, passphrase: TestKeystore.passphrase) } == .wrongPassphrase)
        for count in [0, 1, 16, 55] {
            let cut = Array(bytes.prefix(count))
            #expect(failure { () throws(NodeKeystore.Failure) in try NodeKeystore.encryptedForest(cut, passphrase: TestKeystore.passphrase) } != nil)
        }
    }

    @Test("the key may be a list of numbers or a byte string, and stand among wallets")
    func encryptedForms() throws {
        let wallet = TestKeystore.entry(TestKeystore.numbers([1, 2, 3]), name: "wallet-f1x")
        for key in [TestKeystore.numbers(TestKeystore.secret), [0x58, 32] + TestKeystore.secret] {
            let sealed = try TestKeystore.sealed([0xA2] + TestKeystore.entry(key) + wallet)
            #expect(try NodeKeystore.encryptedForest(sealed, passphrase: TestKeystore.passphrase) == secret)
        }
        let without = try TestKeystore.sealed([0xA1] + wallet)
        #expect(failure { () throws(NodeKeystore.Failure) in try NodeKeystore.encryptedForest(without, passphrase: TestKeystore.passphrase) } == .noEntry)
        let odd = try TestKeystore.sealed([0xA1] + TestKeystore.entry([0x61, 0x61]))
        guard case .notAKeystore? = failure({ () throws(NodeKeystore.Failure) in try NodeKeystore.encryptedForest(odd, passphrase: TestKeystore.passphrase) })
        else { Issue.record("a text is no key"); return }
    }

    @Test("a plain Forest keystore gives its one entry", arguments: ["private_key", "PrivateKey"])
    func plain(member: String) throws {
        let text = #"""
            {
              "default": {"key_type": 1, "private_key": "AAAA"},
              "auth-jwt-private": {"key_type": 2, "\#(member)": "\#(Base64.encode(TestKeystore.secret))"}
            }
            """#
        #expect(!NodeKeystore.isEncryptedForest(Array(text.utf8)))
        #expect(try NodeKeystore.forest(Array(text.utf8)) == secret)
    }

    @Test("what is no keystore is refused, without a word of what it holds", arguments: [
        "[]", "1", #"{"auth-jwt-private":{}}"#, #"{"auth-jwt-private":"c2VjcmV0"}"#, #"{"auth-jwt-private":{"private_key":"c2VjcmV"}}"#,
        #"{"auth-jwt-private":{"private_key":[1,2]}}"#, "{}", #"{"default":{"private_key":"c2VjcmV0"}}"#,
    ])
    func broken(text: String) {
        let found = failure { () throws(NodeKeystore.Failure) in try NodeKeystore.forest(Array(text.utf8)) }
        #expect(found != nil && "\(found!)".contains("c2Vj") == false)
    }

    @Test("a Lotus key is read as JSON and as lotus-shed's hexadecimal, with a line end or without")
    func lotus() throws {
        let text = #"{"Type":"jwt-hmac-secret","PrivateKey":"\#(Base64.encode(TestKeystore.secret))"}"#
        let hex = Hex.encode(Array(text.utf8))
        for form in [text, text + "\n", hex, hex + "\n", hex.uppercased(), "  " + hex + "\r\n"] {
            #expect(try NodeKeystore.lotus(Array(form.utf8)) == secret, "\(form.prefix(8))")
        }
    }

    @Test("a wallet's key, or half a file, is refused as a Lotus key", arguments: [
        #"{"Type":"bls","PrivateKey":"c2VjcmV0"}"#, #"{"Type":"secp256k1","PrivateKey":"c2VjcmV0"}"#, #"{"PrivateKey":"c2VjcmV0"}"#,
        #"{"Type":"jwt-hmac-secret"}"#, #"{"Type":"jwt-hmac-secret","PrivateKey":"c2VjcmV"}"#, "", "{", "7b",
        #"{"Type":"jwt-hmac-secret","Type":"jwt-hmac-secret","PrivateKey":"c2VjcmV0"}"#,
    ])
    func brokenLotus(text: String) {
        let found = failure { () throws(NodeKeystore.Failure) in try NodeKeystore.lotus(Array(text.utf8)) }
        #expect(found != nil && "\(found!)".contains("c2Vj") == false)
    }

    @Test("CBOR that is cut, counts wrong, is too deep or names something twice is none", arguments: [
        [], [0xA1], [0x18], [0x98, 0xFF, 1], [0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        [0xBB, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x9F, 1, 0xFF], [0xBF, 0xFF], [0x5F, 0xFF], [0x1C], [0xF7], [0xFB, 0, 0, 0, 0, 0, 0, 0, 0],
        [0xC0, 1], [0xA1, 1, 1], [0xA2, 0x61, 0x61, 1, 0x61, 0x61, 2], [0x61, 0xFF], [1, 1], [UInt8](repeating: 0x81, count: 10) + [1],
    ] as [[UInt8]])
    func strictCBOR(bytes: [UInt8]) {
        #expect(CBOR(parsing: bytes) == nil)
    }

    @Test("CBOR of keystores is read", arguments: [
        ([0x00], .unsigned(0)), ([0x18, 0xFF], .unsigned(255)), ([0x19, 1, 0], .unsigned(256)), ([0x20], .negative(0)), ([0xF5], .bool(true)),
        ([0xF6], .null), ([0x42, 1, 2], .bytes([1, 2])), ([0x61, 0x61], .text("a")), ([0x82, 1, 2], .array([.unsigned(1), .unsigned(2)])),
        ([0xA1, 0x61, 0x61, 1], .map([(name: "a", value: .unsigned(1))])),
        ([UInt8](repeating: 0x81, count: CBOR.depthMax) + [1], (0..<CBOR.depthMax).reduce(CBOR.unsigned(1)) { item, _ in .array([item]) }),
    ] as [([UInt8], CBOR)])
    func cbor(bytes: [UInt8], item: CBOR) {
        #expect(CBOR(parsing: bytes) == item)
    }
}
