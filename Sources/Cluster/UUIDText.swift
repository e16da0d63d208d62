import Crypto

/// The form of a UUID (RFC 9562, version 5 in shape), which is what clients of Incus expect of an operation's id.
enum UUIDText {
    /// 122 bits of the SHA-256 of a text.
    static func hashed(_ text: String) -> String {
        var bytes = Array(SHA256.hash(Array(text.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array(Hex.encode(bytes))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }
}
