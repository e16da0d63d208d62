/// The name of a certificate: the SHA-256 of its DER in 64 lower hexadecimal digits.
package enum Fingerprint {
    package static let digitsCount = 64

    package static func isValid(_ text: String) -> Bool {
        text.utf8.count == digitsCount && isPrefix(text)
    }

    /// Whether the text can be the beginning of one. The whole text is looked at as bytes: Swift takes strings for equal
    /// that are other bytes.
    package static func isPrefix(_ text: String) -> Bool {
        text.utf8.count <= digitsCount && text.utf8.allSatisfy(isLowerHexDigit)
    }

    private static func isLowerHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
