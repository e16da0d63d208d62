/// Unpadded base64url (RFC 7515 §2), read strictly: no padding, no line breaks, no standard
/// alphabet, no unused bits set.
package enum Base64URL {
    private static let lastDigits = (UInt8(ascii: "-"), UInt8(ascii: "_"))
    private static let digitValues = Base64Coding.digitValues(last: lastDigits)

    package static func encode(_ bytes: [UInt8]) -> String {
        encode(bytes.span)
    }

    package static func encode(_ bytes: Span<UInt8>) -> String {
        var output: [UInt8] = []
        encode(bytes, into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    package static func encode(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        Base64Coding.encode(bytes, last: lastDigits, into: &output)
    }

    package static func decode(_ text: String) -> [UInt8]? {
        decode(Array(text.utf8).span)
    }

    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        Base64Coding.decode(text, digitValues: digitValues.span)
    }
}
