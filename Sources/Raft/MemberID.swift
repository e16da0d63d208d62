/// The identity of one member for its whole life: 128 random bits, never reused (docs/consensus.md §10).
/// Names and addresses are metadata kept elsewhere.
package struct MemberID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Exactly 32 lower-case hex digits, as `description` prints them.
    package init?(_ text: String) {
        var value: (high: UInt64, low: UInt64) = (0, 0)
        var digits = 0
        for byte in text.utf8 {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            guard digits < 32 else { return nil }
            value.high = value.high << 4 | value.low >> 60
            value.low = value.low << 4 | UInt64(digit)
            digits += 1
        }
        guard digits == 32 else { return nil }
        self.init(high: value.high, low: value.low)
    }

    package static func < (left: MemberID, right: MemberID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(32)
        for word in [high, low] {
            for shift in stride(from: 60, through: 0, by: -4) {
                text.append(digits[Int(word >> UInt64(shift) & 0xf)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
