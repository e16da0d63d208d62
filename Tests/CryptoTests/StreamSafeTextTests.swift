import Crypto
import Testing

@Suite("Text that can be compared in reasonable time")
struct StreamSafeTextTests {
    private func letter(marks count: Int, _ marks: [String] = ["\u{301}", "\u{316}"]) -> String {
        "k" + (0..<count).map { marks[$0 % marks.count] }.joined()
    }

    @Test("marks on one letter are taken to their bound, and refused one above, wherever the letter stands")
    func bound() {
        for (before, after) in [("", ""), ("abc", "def"), ("é日", "y\u{300}")] {
            #expect(StreamSafeText.isSafe(before + letter(marks: StreamSafeText.marksMax) + after))
            #expect(!StreamSafeText.isSafe(before + letter(marks: StreamSafeText.marksMax + 1) + after))
        }
    }

    @Test("marks of every kind count: those above the sixteen bits, and vowels that are nothing but marks", arguments: ["\u{1D165}", "\u{5B0}", "\u{F73}", "\u{F81}", "\u{344}"])
    func kinds(mark: String) {
        #expect(!StreamSafeText.isSafe(letter(marks: 100, [mark])))
    }

    @Test("text of people is taken, however long", arguments: ["", "Jürg Müller", "Ngu\u{302}\u{303}ye\u{302}\u{303}n", "日本語", "שָׁלוֹם", "ภาษาไทย", "각", "👩🏽‍🚀"])
    func people(text: String) {
        #expect(StreamSafeText.isSafe(text))
        #expect(StreamSafeText.isSafe(String(repeating: text, count: 1_000)))
    }
}
