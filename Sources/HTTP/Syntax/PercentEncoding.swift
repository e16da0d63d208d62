internal import Crypto

/// Percent-encoding (RFC 3986 §2.1), strictly: `%` and exactly two hexadecimal digits, and text that is UTF-8.
package enum PercentEncodingError: Error, Equatable, Sendable {
    case malformedEscape
    case notUTF8
    /// A decoded NUL, which no name or value of ours contains and C strings would stop at.
    case containsNUL
    /// Text that takes long to compare (`StreamSafeText`).
    case tooManyMarks
}

package enum PercentEncoding {
    /// - Parameter plusIsSpace: as in `application/x-www-form-urlencoded` queries.
    package static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) throws(PercentEncodingError) -> String {
        guard bytes.contains(where: { $0 == UInt8(ascii: "%") || $0 == 0 || (plusIsSpace && $0 == UInt8(ascii: "+")) }) else {
            return try text(bytes)
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var at = bytes.startIndex
        while at < bytes.endIndex {
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "%") {
                guard bytes.endIndex - at >= 2, let high = bytes[at].hexadecimalValue, let low = bytes[at + 1].hexadecimalValue
                else { throw .malformedEscape }
                decoded.append(high << 4 | low)
                at += 2
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? ASCII.space : byte)
            }
        }
        guard !decoded.contains(0) else { throw .containsNUL }
        return try text(decoded[...])
    }

    /// Escapes everything but unreserved characters, so the result may stand in a path segment or a query value.
    package static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if byte.isUnreserved {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func text(_ bytes: ArraySlice<UInt8>) throws(PercentEncodingError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        guard StreamSafeText.isSafe(text) else { throw .tooManyMarks }
        return text
    }
}
