import Crypto
import Testing

@Suite("A secret for the holder of one key")
struct KeyEnvelopeTests {
    private let secret = SecretBytes(count: 32)
    private let context = Array("for m1".utf8)

    @Test("opens with the recipient's private key, and no two envelopes of one secret are alike")
    func roundTrip() throws {
        let key = try PrivateKey.generate(.p256)
        let first = try KeyEnvelope.seal(secret, to: key.publicKey, context: context)
        let second = try KeyEnvelope.seal(secret, to: key.publicKey, context: context)
        #expect(first != second && first.count == secret.count + KeyEnvelope.overheadBytes)
        #expect(try KeyEnvelope.open(first, with: key, context: context) == secret)
        #expect(try KeyEnvelope.open(second, with: PrivateKey(pkcs8: key.pkcs8()), context: context) == secret)
    }

    @Test("opens for nobody else, for nothing else, and not when one bit is changed")
    func attacks() throws {
        let key = try PrivateKey.generate(.p256)
        let envelope = try KeyEnvelope.seal(secret, to: key.publicKey, context: context)
        #expect(throws: CryptoError.authenticationFailed) { try KeyEnvelope.open(envelope, with: .generate(.p256), context: context) }
        #expect(throws: CryptoError.authenticationFailed) { try KeyEnvelope.open(envelope, with: key, context: Array("for m2".utf8)) }
        for index in envelope.indices {
            var changed = envelope
            changed[index] ^= 1
            #expect(throws: CryptoError.self, "byte \(index)") { try KeyEnvelope.open(changed, with: key, context: context) }
        }
        for count in 0..<envelope.count {
            #expect(throws: CryptoError.self, "\(count) bytes") { try KeyEnvelope.open(Array(envelope.prefix(count)), with: key, context: context) }
        }
    }

    @Test("a key on another curve is refused, and so is another's as the ephemeral one")
    func curves() throws {
        let other = try PrivateKey.generate(.p384), signer = try PrivateKey.generate(.ed25519)
        #expect(throws: CryptoError.unsupported(.publicKey)) { try KeyEnvelope.seal(secret, to: other.publicKey, context: context) }
        #expect(throws: CryptoError.unsupported(.publicKey)) { try KeyEnvelope.seal(secret, to: signer.publicKey, context: context) }
        #expect(throws: CryptoError.unsupported(.privateKey)) { try KeyEnvelope.open([UInt8](repeating: 0, count: 200), with: other, context: context) }
    }
}
