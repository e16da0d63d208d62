/// The 128 bits of a token id that this cluster made: what a million revocations are kept by.
struct CompactTokenID: Hashable, Sendable {
    private let high, low: UInt64

    private static let digitsCount = 22

    /// Nil for any other id. Ids that are other bytes never give the same bits, since base64url is read strictly.
    init?(_ text: String) {
        guard text.utf8.count == Self.digitsCount else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var position = 0
        for byte in text.utf8 {
            guard let value = Self.value(of: byte) else { return nil }
            position += 1
            if position < Self.digitsCount {
                high = high << 6 | low >> 58
                low = low << 6 | value
            } else {
                // Of the last digit two bits count; the others must not be set.
                guard value & 0x0F == 0 else { return nil }
                high = high << 2 | low >> 62
                low = low << 2 | value >> 4
            }
        }
        self.high = high
        self.low = low
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

    private static func value(of byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt64(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
