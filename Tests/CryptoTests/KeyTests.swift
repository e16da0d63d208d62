import Crypto
import Testing

@Suite("Keys")
struct KeyTests {
    @Test("a private key survives PKCS #8", arguments: [KeyType.p256, .p384, .ed25519])
    func pkcs8RoundTrip(type: KeyType) throws {
        let key = try PrivateKey.generate(type)
        let restored = try PrivateKey(pkcs8: key.pkcs8())
        #expect(restored.type == type)
        #expect(restored.publicKey == key.publicKey)
        #expect(restored.pkcs8() == key.pkcs8())
    }

    @Test("a public key survives its encodings")
    func publicRoundTrip() throws {
        let p256 = try PrivateKey.generate(.p256).publicKey
        let (x, y) = try #require(p256.coordinates)
        #expect(x.count == 32 && y.count == 32)
        #expect(try PublicKey(.p256, x: x, y: y) == p256)
        #expect(try PublicKey(spki: p256.spki) == p256)
        #expect(p256.ed25519Bytes == nil)
        let ed25519 = try PrivateKey.generate(.ed25519).publicKey
        let raw = try #require(ed25519.ed25519Bytes)
        #expect(try PublicKey(ed25519: raw) == ed25519)
        #expect(ed25519.coordinates == nil)
        let p384 = try PrivateKey.generate(.p384).publicKey
        #expect(p384.coordinates?.x.count == 48)
    }

    @Test("a point that is not on the curve is refused")
    func invalidPoints() throws {
        let (x, y) = try #require(try PrivateKey.generate(.p256).publicKey.coordinates)
        var wrong = y
        wrong[31] ^= 1
        let zero = [UInt8](repeating: 0, count: 32)
        let highest = [UInt8](repeating: 0xff, count: 32)
        for (x, y) in [(x, wrong), (zero, zero), (highest, highest), (y, x), (x, highest)] {
            #expect(throws: CryptoError.malformed(.publicKey)) { try PublicKey(.p256, x: x, y: y) }
        }
    }

    @Test("coordinates and raw keys of another length are refused")
    func wrongLengths() throws {
        let (x, y) = try #require(try PrivateKey.generate(.p256).publicKey.coordinates)
        #expect(throws: CryptoError.malformed(.publicKey)) { try PublicKey(.p256, x: [0] + x, y: y) }
        #expect(throws: CryptoError.malformed(.publicKey)) { try PublicKey(.p256, x: x + y.prefix(1), y: Array(y.dropFirst())) }
        #expect(throws: CryptoError.malformed(.publicKey)) { try PublicKey(.p256, x: [], y: []) }
        for count in [0, 31, 33, 64] {
            #expect(throws: CryptoError.malformed(.publicKey)) { try PublicKey(ed25519: [UInt8](repeating: 9, count: count)) }
        }
    }

    @Test("a key has one encoding: compressed points, trailing and excess bytes are refused")
    func canonical() throws {
        let key = try PrivateKey.generate(.p256).publicKey
        let (x, y) = try #require(key.coordinates)
        #expect(throws: CryptoError.malformed(.publicKey)) { try PublicKey(spki: key.spki + [0]) }
        #expect(throws: CryptoError.malformed(.publicKey)) { try PublicKey(spki: Array(key.spki.dropLast())) }
        #expect(throws: CryptoError.malformed(.publicKey)) { try PublicKey(spki: []) }
        #expect(throws: CryptoError.malformed(.publicKey)) {
            try PublicKey(spki: key.spki + [UInt8](repeating: 0, count: PublicKey.spkiBytesMax))
        }
        // The same key with a compressed point: SEQUENCE and BIT STRING are 32 bytes shorter.
        var compressed = Array(key.spki.prefix(26))
        compressed[1] -= 32
        compressed[24] -= 32
        compressed += [y[31] & 1 == 0 ? 2 : 3] + x
        #expect(throws: CryptoError.malformed(.publicKey)) { try PublicKey(spki: compressed) }
    }

    @Test("a PKCS #8 whose halves do not belong together is refused")
    func inconsistentHalves() throws {
        let key = try PrivateKey.generate(.p256)
        var der = key.pkcs8().withSpan { span in span.indices.map { span[$0] } }
        let other = try PrivateKey.generate(.p256).publicKey
        let (x, y) = try #require(other.coordinates)
        // An EC PrivateKeyInfo as made here ends with the public point.
        der.replaceSubrange((der.count - 64)..., with: x + y)
        #expect(throws: CryptoError.malformed(.privateKey)) { try PrivateKey(pkcs8: SecretBytes(der)) }
    }

    @Test("random changes to key encodings are refused or give a usable key, and never trap", arguments: 0..<4)
    func mutations(seed: Int) throws {
        var random = SeededRandom(seed)
        let key = try PrivateKey.generate(seed.isMultiple(of: 2) ? .p256 : .ed25519)
        let spki = key.publicKey.spki
        let pkcs8 = key.pkcs8().withSpan { span in span.indices.map { span[$0] } }
        for _ in 0..<1500 {
            if let changed = try? PublicKey(spki: random.mutation(of: spki)) {
                #expect(try PublicKey(spki: changed.spki) == changed, "seed \(seed)")
            }
            if let changed = try? PrivateKey(pkcs8: SecretBytes(random.mutation(of: pkcs8))) {
                #expect(try PrivateKey(pkcs8: changed.pkcs8()).publicKey == changed.publicKey, "seed \(seed)")
            }
        }
    }

    @Test("kinds of key that are not used are named so")
    func unsupported() {
        #expect(throws: CryptoError.unsupported(.privateKey)) { try PrivateKey.generate(.rsa(bits: 2_047)) }
        #expect(throws: CryptoError.unsupported(.privateKey)) { try PrivateKey.generate(.rsa(bits: 8_193)) }
    }
}
