/// Base64 with padding (RFC 4648 §4), for formats that demand it. Tokens use `Base64URL`.
package enum Base64 {
    package static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        Base64Coding.encode(bytes.span, last: (UInt8(ascii: "+"), UInt8(ascii: "/")), into: &output)
        while output.count % 4 != 0 { output.append(UInt8(ascii: "=")) }
        return String(decoding: output, as: UTF8.self)
    }

    /// Nil unless the text is exactly what `encode` would have written.
    package static func decode(_ text: String) -> [UInt8]? {
        var digits = Array(text.utf8)[...]
        guard digits.count % 4 == 0 else { return nil }
        for _ in 0..<2 where digits.last == UInt8(ascii: "=") { digits.removeLast() }
        return Base64Coding.decode(digits.span, last: (UInt8(ascii: "+"), UInt8(ascii: "/")))
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
    static func decode(_ digits: Span<UInt8>, last: LastDigits) -> [UInt8]? {
        guard digits.count % 4 != 1 else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(digits.count / 4 * 3 + 2)
        var pending: UInt32 = 0
        var bits = 0
        for index in 0..<digits.count {
            guard let value = value(of: digits[index], last) else { return nil }
            pending = pending << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                output.append(UInt8(truncatingIfNeeded: pending >> bits))
            }
        }
        guard pending & ((1 << bits) - 1) == 0 else { return nil }
        return output
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

    private static func value(of digit: UInt8, _ last: LastDigits) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
        case last.0: 62
        case last.1: 63
        default: nil
        }
    }
}
