internal import Crypto
package import HTTPTypes

/// One request's line and header fields, kept as the bytes that arrived.
///
/// Nothing is copied out until asked for: look-ups return ranges into `bytes`, so the hot path reads a token with
/// `head.bytes.span.extracting(range)` and allocates nothing. The parser reuses the storage for the connection's next
/// request unless somebody still holds this value, in which case it takes fresh storage and this one stays true.
package struct HTTPHead: Sendable {
    var lines = HeadLines()

    package internal(set) var method: HTTPRequest.Method = .get
    package internal(set) var version: HTTPVersion = .http11
    /// The target as it was sent.
    package internal(set) var targetRange: Range<Int> = 0..<0
    /// The path, still percent-encoded; `*` for `OPTIONS *`; otherwise it begins with a slash.
    package internal(set) var pathRange: Range<Int> = 0..<0
    /// What follows the first `?` of the target, still percent-encoded; `nil` without a `?`.
    package internal(set) var queryRange: Range<Int>?
    /// The value of Host, checked as `host[:port]`. Only an HTTP/1.0 request may lack it.
    package internal(set) var hostRange: Range<Int>?
    /// The value of the only Authorization field.
    package internal(set) var authorizationRange: Range<Int>?
    package internal(set) var framing: BodyFraming = .none
    package internal(set) var expectsContinue = false
    /// Whether the connection may serve another request after this one (RFC 9112 §9.3).
    package internal(set) var isPersistent = true

    package init() {}

    /// The received bytes every range points into.
    package var bytes: [UInt8] { lines.bytes }
    package var fieldSlots: [FieldSlot] { lines.fields }

    package var target: String { text(targetRange) }
    /// The path, still percent-encoded. `PathSegments` decodes it.
    package var path: String { text(pathRange) }
    package var query: String? { queryRange.map(text) }

    /// Whether the path is this one, byte for byte.
    package func hasPath(_ path: String) -> Bool { lines.bytes.equals(pathRange, path) }

    /// The value of the first field of that name.
    package func range(of name: HTTPField.Name) -> Range<Int>? {
        let wanted = name.canonicalName
        return lines.fields.first { lines.bytes.equalsIgnoringCase($0.name, wanted) }?.value
    }

    /// The value of the first field of that name, as text; bytes that are not UTF-8 are replaced.
    package func value(of name: HTTPField.Name) -> String? { range(of: name).map(text) }

    /// The values of all fields of that name, in the order received.
    package func values(of name: HTTPField.Name) -> [String] {
        let wanted = name.canonicalName
        return lines.fields.filter { lines.bytes.equalsIgnoringCase($0.name, wanted) }.map { text($0.value) }
    }

    /// How many fields have that name: a caller for whom a repeated field is ambiguous refuses it.
    package func count(of name: HTTPField.Name) -> Int {
        let wanted = name.canonicalName
        return lines.fields.count { lines.bytes.equalsIgnoringCase($0.name, wanted) }
    }

    /// All fields as a dictionary of their own; copies everything, so not for the hot path.
    package var fields: HTTPFields { lines.makeFields() }

    /// Bytes that are not UTF-8 are replaced; in text that would take long to compare, all but ASCII.
    package func text(_ range: Range<Int>) -> String {
        let text = String(decoding: lines.bytes[range], as: UTF8.self)
        if StreamSafeText.isSafe(text) { return text }
        return String(decoding: lines.bytes[range].map { $0 < 0x80 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
