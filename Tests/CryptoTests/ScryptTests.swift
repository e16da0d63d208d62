import Crypto
import Testing

@Suite("scrypt")
struct ScryptTests {
    private let cheap = Scrypt.Parameters(logN: 4, r: 1, p: 1)

    private func derive(
        _ parameters: Scrypt.Parameters, passphrase: String = "open sesame", salt: [UInt8] = [1, 2, 3, 4], count: Int = 32
    ) throws(CryptoError) -> SecretBytes {
        try Scrypt.derive(passphrase: SecretBytes(Array(passphrase.utf8)), salt: salt, parameters: parameters, count: count)
    }

    @Test("the example of RFC 7914 §12 comes out")
    func standardExample() throws {
        let key = try derive(Scrypt.Parameters(logN: 10, r: 8, p: 16), passphrase: "password", salt: Array("NaCl".utf8), count: 64)
        let expected = Hex.decode(
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")
        #expect(expected.map { key == SecretBytes($0) } == true)
    }

    @Test("the same inputs give the same key, any other input another")
    func determinism() throws {
        let key = try derive(cheap)
        #expect(try derive(cheap) == key)
        #expect(try derive(cheap, passphrase: "Open sesame") != key)
        #expect(try derive(cheap, salt: [1, 2, 3, 5]) != key)
        #expect(try derive(Scrypt.Parameters(logN: 5, r: 1, p: 1)) != key)
        #expect(try derive(Scrypt.Parameters(logN: 4, r: 2, p: 1)) != key)
        #expect(try derive(Scrypt.Parameters(logN: 4, r: 1, p: 2)) != key)
    }

    @Test("the parameters for new keys are accepted")
    func standardParameters() throws {
        #expect(try derive(.standard).count == 32)
    }

    @Test(
        "costs from a changed file are refused before any work",
        arguments: [
            (0, 8, 1), (-1, 8, 1), (21, 1, 1), (Int.max, 8, 1), (15, 0, 1), (15, 33, 1), (15, Int.max, 1), (15, 8, 0), (15, 8, 17),
            (20, 8, 1), (20, 32, 16), (Int.min, Int.min, Int.min),
        ])
    func costBounds(logN: Int, r: Int, p: Int) {
        #expect(throws: CryptoError.outOfBounds(.derivationParameters)) { try derive(Scrypt.Parameters(logN: logN, r: r, p: p)) }
    }

    @Test("lengths outside their bounds are refused")
    func lengthBounds() {
        let refusal = CryptoError.outOfBounds(.derivationParameters)
        #expect(throws: refusal) { try derive(cheap, passphrase: "") }
        #expect(throws: refusal) { try derive(cheap, passphrase: String(repeating: "x", count: Scrypt.passphraseBytesMax + 1)) }
        #expect(throws: refusal) { try derive(cheap, salt: []) }
        #expect(throws: refusal) { try derive(cheap, salt: [UInt8](repeating: 0, count: Scrypt.saltBytesMax + 1)) }
        #expect(throws: refusal) { try derive(cheap, count: 0) }
        #expect(throws: refusal) { try derive(cheap, count: Scrypt.keyBytesMax + 1) }
        #expect(throws: refusal) { try derive(cheap, count: -1) }
    }
}
