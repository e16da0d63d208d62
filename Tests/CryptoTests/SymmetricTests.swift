import Crypto
import Testing

@Suite("Hashes, tags and sealed messages")
struct SymmetricTests {
    private let key = SecretBytes(count: 32)

    @Test("SHA-256 in pieces equals SHA-256 at once, and both the standard's example")
    func sha256() {
        // FIPS 180-4 example: "abc".
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(Hex.encode(SHA256.hash(Array("abc".utf8))) == digest)
        #expect(Hex.encode(SHA256.hash(Array("xabcx".utf8)[1..<4])) == digest)
        var stream = SHA256Stream()
        stream.update([])
        stream.update(Array("a".utf8))
        stream.update(Array("bc".utf8)[...])
        #expect(Hex.encode(stream.finalize()) == digest)
        #expect(Hex.encode(SHA256.hash([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        var numbers = SHA256Stream()
        numbers.update(0x0102_0304_0506_0708)
        #expect(numbers.finalize() == SHA256.hash([1, 2, 3, 4, 5, 6, 7, 8]))
    }

    @Test("a tag is valid for its message, key and full length only")
    func hmac() {
        let message = Array("message".utf8)
        let tag = HMAC(.sha256).authenticate(message, key: key)
        #expect(HMAC(.sha256).isValid(tag, for: message, key: key))
        #expect(!HMAC(.sha256).isValid(tag, for: message + [0], key: key))
        #expect(!HMAC(.sha256).isValid(tag, for: message, key: SecretBytes(count: 32)))
        #expect(!HMAC(.sha256).isValid(Array(tag.dropLast()), for: message, key: key))
        #expect(!HMAC(.sha256).isValid([], for: message, key: key))
        #expect(!HMAC(.sha256).isValid(tag + [0], for: message, key: key))
        for bit in 0..<256 {
            var changed = tag
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!HMAC(.sha256).isValid(changed, for: message, key: key))
        }
    }

    @Test("keys of no bytes and of more than a block work", arguments: [0, 1, 63, 64, 65, 200])
    func hmacKeyLengths(count: Int) {
        let bytes = [UInt8](repeating: 7, count: count)
        let tag = HMAC(.sha256).authenticate([1, 2], key: SecretBytes(bytes))
        #expect(HMAC(.sha256).isValid(tag, for: [1, 2], key: SecretBytes(bytes)))
        // RFC 2104, written out.
        var block = count > 64 ? SHA256.hash(bytes) : bytes
        block += [UInt8](repeating: 0, count: 64 - block.count)
        let inner = SHA256.hash(block.map { $0 ^ 0x36 } + [1, 2])
        #expect(tag == SHA256.hash(block.map { $0 ^ 0x5c } + inner))
    }

    @Test("what is sealed opens again", arguments: [0, 1, 15, 16, 17, 1000, 70_000])
    func sealedRoundTrip(count: Int) throws {
        let plaintext = SecureRandom.bytes(count)
        let sealed = try AESGCM.seal(plaintext.span, key: key, associatedData: [1, 2, 3])
        #expect(sealed.count == 12 + count + 16)
        let opened = try AESGCM.open(sealed, key: key, associatedData: [1, 2, 3])
        #expect(opened == SecretBytes(copying: plaintext.span))
        #expect(try AESGCM.seal(plaintext.span, key: key, associatedData: [1, 2, 3]) != sealed, "nonces repeat")
    }

    @Test("a sealed message opens with its key, context and all of its bytes only")
    func sealedAttacks() throws {
        let sealed = try AESGCM.seal(Array("secret".utf8).span, key: key, associatedData: Array("purpose".utf8))
        for context in [[], Array("purposes".utf8), Array("Purpose".utf8)] {
            #expect(throws: CryptoError.authenticationFailed) { try AESGCM.open(sealed, key: key, associatedData: context) }
        }
        #expect(throws: CryptoError.authenticationFailed) {
            try AESGCM.open(sealed, key: SecretBytes(count: 32), associatedData: Array("purpose".utf8))
        }
        for bit in 0..<sealed.count * 8 {
            var changed = sealed
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: CryptoError.authenticationFailed) { try AESGCM.open(changed, key: key, associatedData: Array("purpose".utf8)) }
        }
        for count in 0..<sealed.count {
            let expected: CryptoError = count < 28 ? .malformed(.sealedMessage) : .authenticationFailed
            #expect(throws: expected) { try AESGCM.open(Array(sealed.prefix(count)), key: key, associatedData: Array("purpose".utf8)) }
        }
        #expect(throws: CryptoError.authenticationFailed) { try AESGCM.open(sealed + [0], key: key, associatedData: Array("purpose".utf8)) }
    }

    @Test("only 256-bit keys seal and open", arguments: [0, 16, 24, 31, 33])
    func sealingKeyLength(count: Int) {
        let short = SecretBytes(count: count)
        #expect(throws: CryptoError.outOfBounds(.secretKey)) { try AESGCM.seal([1].span, key: short, associatedData: []) }
        #expect(throws: CryptoError.outOfBounds(.secretKey)) {
            try AESGCM.open([UInt8](repeating: 0, count: 40), key: short, associatedData: [])
        }
    }
}
