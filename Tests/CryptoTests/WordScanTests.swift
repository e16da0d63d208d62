import Crypto
import Testing

@Suite("Scanning by words")
struct WordScanTests {
    /// Mostly the bytes that matter and their neighbours, which a mistake in the arithmetic would take for each other.
    private static let bytes: [UInt8] = [
        0x00, 0x01, 0x1F, 0x20, 0x21, UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"),
        UInt8(ascii: "["), UInt8(ascii: "\\"), UInt8(ascii: "]"), 0x7F, 0x80, 0x9F, 0xA2, 0xAE, 0xDC, 0xFF,
    ]
    private static let plain = bytes.filter { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: ".") }

    @Test("finds what a look at each byte finds, from wherever it starts", arguments: 1...40)
    func agrees(seed: Int) throws {
        var generator = SeededRandom(seed)
        for _ in 0..<200 {
            var text = (0..<Int.random(in: 0...40, using: &generator)).map { _ in Self.plain.randomElement(using: &generator) ?? 0 }
            for _ in 0..<Int.random(in: 0...2, using: &generator) where !text.isEmpty {
                text[Int.random(in: text.indices, using: &generator)] = Self.bytes.randomElement(using: &generator) ?? 0
            }
            for start in 0...text.count {
                let rest = text[start...]
                let end = rest.firstIndex { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") } ?? text.count
                #expect(text.span.endOfPlainText(from: start) == end, "\(text) from \(start)")
                let control = rest.firstIndex { $0 < 0x20 || $0 == 0x7F }
                #expect(text.span.firstControlCharacter(in: start..<text.count) == control, "\(text) from \(start)")
                #expect(text.span.firstIndex(of: UInt8(ascii: "."), from: start) == rest.firstIndex(of: UInt8(ascii: ".")), "\(text) from \(start)")
            }
        }
    }
}
