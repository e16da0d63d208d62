import Crypto
import Testing

@Suite("Hex and PEM")
struct TextEncodingTests {
    @Test("hex round-trips, is written in lower case and read in either")
    func hex() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        #expect(Hex.encode([0xab, 0x0c]) == "ab0c")
        #expect(Hex.decode("AB0c") == [0xab, 0x0c])
        #expect(Hex.decode("") == [])
    }

    @Test("what is not hex is refused", arguments: ["a", "abc", "0g", "0x12", " 12", "12 ", "é", "１２", "1\u{0}"])
    func notHex(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test("PEM round-trips, also several blocks with text between them")
    func pem() throws {
        let first = PEM.encode(label: "CERTIFICATE", [1, 2, 3])
        let second = PEM.encode(label: "THING", [UInt8](repeating: 200, count: 500))
        let blocks = try PEM.decode("a comment\n" + first + "between\n\n" + second)
        #expect(blocks == [
            PEM.Block(label: "CERTIFICATE", bytes: [1, 2, 3]), PEM.Block(label: "THING", bytes: [UInt8](repeating: 200, count: 500)),
        ])
        #expect(second.split(separator: "\n").allSatisfy { $0.utf8.count <= 64 })
    }

    @Test("broken, empty and encrypted PEM is refused")
    func brokenPEM() {
        let good = PEM.encode(label: "CERTIFICATE", [1, 2, 3])
        let texts = [
            "", "nothing here", "-----BEGIN CERTIFICATE-----\n", String(good.dropLast(10)),
            good.replacing("END CERTIFICATE", with: "END OTHER"), good.replacing("AQID", with: "AQ*D"),
            "-----BEGIN K-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00000000000000000000000000000000\n\nAQID\n-----END K-----\n",
            good + "\u{0}", good + "-----BEGIN CERTIFICATE-----\nAQID\n",
        ]
        for text in texts {
            #expect(throws: CryptoError.malformed(.pem), "\(text)") { try PEM.decode(text) }
        }
    }

    @Test("one block or one byte too many is refused")
    func pemBounds() throws {
        let block = PEM.encode(label: "X", [1])
        #expect(try PEM.decode(String(repeating: block, count: PEM.blocksMax)).count == PEM.blocksMax)
        #expect(throws: CryptoError.malformed(.pem)) { try PEM.decode(String(repeating: block, count: PEM.blocksMax + 1)) }
        let padding = String(repeating: "\n", count: PEM.textBytesMax - block.utf8.count)
        #expect(try PEM.decode(padding + block).count == 1)
        #expect(throws: CryptoError.malformed(.pem)) { try PEM.decode("\n" + padding + block) }
    }
}
