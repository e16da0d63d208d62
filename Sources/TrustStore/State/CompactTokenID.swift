/// The 128 bits of a token id that this cluster made: what a million revocations are kept by.
struct CompactTokenID: Hashable, Sendable {
    private let high, low: UInt64

    private static let digitsCount = 22

    /// Nil for any other id. Ids that are other bytes never give the same bits, since base64url is read strictly.
    init?(_ text: String) { self.init(text.utf8.span) }

    init?(_ digits: Span<UInt8>) {
        guard digits.count == Self.digitsCount else { return nil }
        let values = Self.digitValues.span
        /// All values in one: at least 64 as soon as one was no digit.
        var seen: UInt8 = 0
        func bits(_ range: Range<Int>) -> UInt64 {
            var bits: UInt64 = 0
            for place in range {
                let value = values[Int(digits[place])]
                seen |= value
                bits = bits << 6 | UInt64(value)
            }
            return bits
        }
        let first = bits(0..<10)
        let second = bits(10..<20)
        let last = bits(20..<22)
        // Of the last digit two bits count; the others must not be set.
        guard seen < 64, last & 0x0F == 0 else { return nil }
        high = first << 4 | second >> 56
        low = second << 8 | last >> 4
    }

    var text: String {
        var digits: [UInt8] = []
        digits.reserveCapacity(Self.digitsCount)
        for place in 0..<Self.digitsCount - 1 {
            let shift = 122 - 6 * place
            let bits = shift >= 64 ? high >> UInt64(shift - 64) : shift > 58 ? high << UInt64(64 - shift) | low >> UInt64(shift) : low >> UInt64(shift)
            digits.append(Self.digits[Int(bits & 63)])
        }
        digits.append(Self.digits[Int(low & 3) << 4])
        return String(decoding: digits, as: UTF8.self)
    }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The value of each byte as a digit, and 255 for a byte that is none.
    private static let digitValues = {
        var values = [UInt8](repeating: .max, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()
}
