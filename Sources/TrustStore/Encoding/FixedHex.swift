/// Sixteen lower hexadecimal digits, so that text order is number order.
enum FixedHex {
    static func digits(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
