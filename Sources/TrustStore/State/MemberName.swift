/// The rules for a member's name (those of Incus, and ASCII only, since the name travels in an
/// HTTP header and in URLs).
package enum MemberName {
    package static let lengthMax = 64
    private static let refused = Set("$?&+\"'`*/".utf8)

    package static func isValid(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, let last = bytes.last, bytes.count <= lengthMax else { return false }
        guard isAlphanumeric(first), isAlphanumeric(last) else { return false }
        return bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && !refused.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
