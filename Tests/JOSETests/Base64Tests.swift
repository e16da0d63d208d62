import JOSE
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test("every length comes back", arguments: 0...70)
    func roundTrip(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        #expect(Base64.encode(bytes).utf8.count % 4 == 0)
        #expect(!Base64URL.encode(bytes).contains("="))
    }

    @Test("both alphabets differ where they should")
    func alphabets() {
        #expect(Base64URL.encode([0xFB, 0xFF, 0xFE]) == "-__-")
        #expect(Base64.encode([0xFB, 0xFF, 0xFE]) == "+//+")
        #expect(Base64.encode([0]) == "AA==")
        #expect(Base64.encode([0, 0]) == "AAA=")
    }

    @Test("base64url has one spelling: padding, other alphabets, spare bits, spaces are refused", arguments: [
        "A", "AAAAA", "AA==", "AAA=", "+A", "/A", "AB", "AAB", "A A", "AA\n", "AA.", "A\u{e9}", "AA\0", "=", "A===", "QQ%3D",
    ])
    func strictURL(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("base64 has one spelling too", arguments: [
        "AA", "AAA", "AB==", "AAB=", "A===", "====", "=AAA", "AA=A", "-A==", "_A==", "AA==\n", "AA==AA==", "AAAA=", "AA= =",
    ])
    func strictStandard(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test("two different texts never decode to the same bytes")
    func injective() {
        let alphabet = (0...127).map { UInt8($0) }
        for first in alphabet {
            for second in alphabet {
                let text = String(decoding: [first, second], as: UTF8.self)
                if let bytes = Base64URL.decode(text) { #expect(Base64URL.encode(bytes) == text) }
            }
        }
    }
}
