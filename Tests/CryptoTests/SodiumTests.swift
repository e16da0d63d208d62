import Crypto
import Testing

@Suite("Argon2id")
struct Argon2idTests {
    private let cheap = Argon2id.Parameters(passes: 3, memoryBytes: 8_192)
    private let salt = [UInt8](0..<16)

    private func derive(
        _ parameters: Argon2id.Parameters, passphrase: [UInt8] = Array("open sesame".utf8), salt: [UInt8]? = nil, count: Int = 32
    ) throws(CryptoError) -> SecretBytes {
        try Argon2id.derive(passphrase: SecretBytes(passphrase), salt: salt ?? self.salt, parameters: parameters, count: count)
    }

    @Test("the keys are those of the reference implementation (argon2-cffi), cheap and interactive")
    func reference() throws {
        let small = try #require(Hex.decode("04b3145d9d8fa681dc51d905b098e8c480ee1df73ea4367d6a23bc39a9911fda"))
        #expect(try derive(cheap) == SecretBytes(small))
        let interactive = try #require(Hex.decode("4e3719c8aa686564be76e03762788ffb5b8f382bc3fd58692c4237c2f2796906"))
        #expect(try derive(.interactive) == SecretBytes(interactive))
    }

    @Test("any other input gives another key; an empty passphrase is one")
    func inputs() throws {
        let key = try derive(cheap)
        #expect(try derive(cheap) == key)
        #expect(try derive(cheap, passphrase: Array("Open sesame".utf8)) != key)
        #expect(try derive(cheap, passphrase: []) != key)
        #expect(try derive(cheap, salt: [UInt8](1..<17)) != key)
        #expect(try derive(Argon2id.Parameters(passes: 4, memoryBytes: 8_192)) != key)
        #expect(try derive(Argon2id.Parameters(passes: 3, memoryBytes: 16_384)) != key)
    }

    @Test("costs and lengths outside their bounds are refused before any work")
    func bounds() {
        let refusal = CryptoError.outOfBounds(.derivationParameters)
        for (passes, memory) in [(0, 8_192), (-1, 8_192), (Argon2id.passesMax + 1, 8_192), (1, 8_191), (1, Argon2id.memoryBytesMax + 1), (1, Int.max), (Int.min, Int.min)] {
            #expect(throws: refusal, "\(passes) \(memory)") { try derive(Argon2id.Parameters(passes: passes, memoryBytes: memory)) }
        }
        for count in [15, 17, 0] {
            #expect(throws: refusal) { try derive(cheap, salt: [UInt8](repeating: 0, count: count)) }
        }
        for count in [15, 0, -1, Argon2id.keyBytesMax + 1] { #expect(throws: refusal) { try derive(cheap, count: count) } }
        #expect(throws: refusal) { try derive(cheap, passphrase: [UInt8](repeating: 1, count: Scrypt.passphraseBytesMax + 1)) }
    }
}

@Suite("XSalsa20-Poly1305")
struct XSalsa20Poly1305Tests {
    private let key = SecretBytes([UInt8](repeating: 7, count: 32))
    private let nonce = [UInt8](0..<24)
    private let message = Array("the secret of a node".utf8)

    private func seal(_ message: [UInt8]? = nil) throws(CryptoError) -> [UInt8] {
        let message = message ?? self.message
        return try XSalsa20Poly1305.seal(message.span, key: key, nonce: nonce)
    }

    private func open(_ sealed: [UInt8], key: SecretBytes? = nil, nonce: [UInt8]? = nil) throws(CryptoError) -> SecretBytes {
        try XSalsa20Poly1305.open(sealed.span, key: key ?? self.key, nonce: nonce ?? self.nonce)
    }

    @Test("what was sealed is opened, from one byte on")
    func roundTrip() throws {
        for count in [1, 15, 16, 17, 63, 64, 65, 1_000] {
            let message = [UInt8](repeating: 9, count: count)
            let sealed = try seal(message)
            #expect(sealed.count == count + XSalsa20Poly1305.tagByteCount)
            #expect(try open(sealed) == SecretBytes(message))
        }
    }

    @Test("every change of a single byte is refused, and so is another key or nonce")
    func tampered() throws {
        let sealed = try seal()
        for position in sealed.indices {
            var changed = sealed
            changed[position] ^= 1
            #expect(throws: CryptoError.authenticationFailed) { try open(changed) }
        }
        #expect(throws: CryptoError.authenticationFailed) { try open(sealed + [0]) }
        #expect(throws: CryptoError.authenticationFailed) { try open(Array(sealed.dropLast())) }
        #expect(throws: CryptoError.authenticationFailed) { try open(sealed, key: SecretBytes([UInt8](repeating: 8, count: 32))) }
        #expect(throws: CryptoError.authenticationFailed) { try open(sealed, nonce: [UInt8](1..<25)) }
    }

    @Test("lengths that cannot be are refused before any work")
    func bounds() throws {
        let sealed = try seal()
        #expect(throws: CryptoError.outOfBounds(.sealedMessage)) { try open(Array(sealed.prefix(16))) }
        #expect(throws: CryptoError.outOfBounds(.sealedMessage)) { try open([]) }
        #expect(throws: CryptoError.outOfBounds(.sealedMessage)) { try seal([]) }
        #expect(throws: CryptoError.outOfBounds(.sealedMessage)) { try open(sealed, nonce: [UInt8](0..<23)) }
        #expect(throws: CryptoError.outOfBounds(.secretKey)) { try open(sealed, key: SecretBytes([UInt8](0..<31))) }
        let tooLong = [UInt8](repeating: 0, count: XSalsa20Poly1305.messageBytesMax + 1)
        #expect(throws: CryptoError.outOfBounds(.sealedMessage)) { try seal(tooLong) }
    }
}
