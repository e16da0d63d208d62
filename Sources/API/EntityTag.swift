import Crypto
import JOSE

/// The ETag of a resource: a hash of what may change in it, never of anything local, so that it is
/// the same on every member.
enum EntityTag {
    static func of(_ value: JSON) -> String { of(value.encoded()) }

    static func of(_ bytes: [UInt8]) -> String {
        "\"\(Hex.encode(Array(SHA256.hash(bytes).prefix(16))))\""
    }

    /// Whether an `If-None-Match` value names the tag (RFC 9110 §13.1.2: weak comparison).
    static func matches(_ condition: String, _ tag: String) -> Bool {
        condition.split(separator: ",").contains { candidate in
            let text = candidate.trimmingSpaces
            return text == "*" || (text.hasPrefix("W/") ? text.dropFirst(2) : text) == tag
        }
    }
}
