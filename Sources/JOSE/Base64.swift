/// Base64 with padding (RFC 4648 §4), for formats that demand it. Tokens use `Base64URL`.
package enum Base64 {
    private static let lastDigits = (UInt8(ascii: "+"), UInt8(ascii: "/"))
    private static let digitValues = Base64Coding.digitValues(last: lastDigits)

    package static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        Base64Coding.encode(bytes.span, last: lastDigits, into: &output)
        while output.count % 4 != 0 { output.append(UInt8(ascii: "=")) }
        return String(decoding: output, as: UTF8.self)
    }

    /// Nil unless the text is exactly what `encode` would have written.
    package static func decode(_ text: String) -> [UInt8]? {
        var digits = Array(text.utf8)[...]
        guard digits.count % 4 == 0 else { return nil }
        for _ in 0..<2 where digits.last == UInt8(ascii: "=") { digits.removeLast() }
        return Base64Coding.decode(digits.span, digitValues: digitValues.span)
    }
}

/// The arithmetic that both alphabets share; `last` is their digits for 62 and 63.
enum Base64Coding {
    typealias LastDigits = (UInt8, UInt8)

    static func encode(_ bytes: Span<UInt8>, last: LastDigits, into output: inout [UInt8]) {
        var pending: UInt32 = 0
        var bits = 0
        for index in 0..<bytes.count {
            pending = pending << 8 | UInt32(bytes[index])
            bits += 8
            while bits >= 6 {
                bits -= 6
                output.append(digit(for: UInt8(truncatingIfNeeded: pending >> bits) & 63, last))
            }
        }
        if bits > 0 {
            output.append(digit(for: UInt8(truncatingIfNeeded: pending << (6 - bits)) & 63, last))
        }
    }

    /// Nil for any byte outside the alphabet, a lone last digit, or unused bits that are not zero:
    /// so every byte string has exactly one text, and no two tokens differ only in writing.
    ///
    /// Without a branch on the digits: those of a token are as good as random, and the processor would guess wrong.
    ///
    /// - Parameter digitValues: as `digitValues(last:)` makes them.
    static func decode(_ digits: Span<UInt8>, digitValues: Span<UInt8>) -> [UInt8]? {
        let rest = digits.count % 4
        guard rest != 1 else { return nil }
        let wholeCount = digits.count - rest
        /// All values so far in one: at least 64 as soon as one was no digit.
        var seen: UInt8 = 0
        func word(_ count: Int, at index: Int) -> UInt32 {
            var word: UInt32 = 0
            for place in index..<index + count {
                let value = digitValues[Int(digits[place])]
                seen |= value
                word = word << 6 | UInt32(value)
            }
            return word
        }
        var spareBits: UInt32 = 0
        let bytes = [UInt8](capacity: digits.count * 3 / 4) { (output: inout OutputSpan<UInt8>) in
            for index in stride(from: 0, to: wholeCount, by: 4) {
                let word = word(4, at: index)
                output.append(UInt8(truncatingIfNeeded: word >> 16))
                output.append(UInt8(truncatingIfNeeded: word >> 8))
                output.append(UInt8(truncatingIfNeeded: word))
            }
            let word = word(rest, at: wholeCount)
            switch rest {
            case 2:
                output.append(UInt8(truncatingIfNeeded: word >> 4))
                spareBits = word & 0b1111
            case 3:
                output.append(UInt8(truncatingIfNeeded: word >> 10))
                output.append(UInt8(truncatingIfNeeded: word >> 2))
                spareBits = word & 0b11
            default: break
            }
        }
        return seen < 64 && spareBits == 0 ? bytes : nil
    }

    /// The value of each byte as a digit, and 255 for a byte that is none.
    static func digitValues(last: LastDigits) -> [UInt8] {
        var values = [UInt8](repeating: .max, count: 256)
        for value in UInt8(0)..<64 { values[Int(digit(for: value, last))] = value }
        return values
    }

    private static func digit(for value: UInt8, _ last: LastDigits) -> UInt8 {
        switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + value - 26
        case 52..<62: UInt8(ascii: "0") + value - 52
        case 62: last.0
        default: last.1
        }
    }
}
