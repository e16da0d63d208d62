/// Why bytes are not a JWS in compact serialization (RFC 7515 §7.1) that this store reads.
package enum JWSError: Error, Equatable, Sendable {
    package enum Segment: String, Sendable { case header, payload, signature }

    case tooLarge(byteCount: Int)
    case wrongSegmentCount(Int)
    case emptySegment(Segment)
    case notBase64URL(Segment)
    case headerNotJSON(JSONError)
    case headerNotAnObject
    /// A header field that is missing or of the wrong type.
    case invalidHeaderField(String)
    /// RFC 7515 §4.1.11: an extension we do not know, listed in `crit`, invalidates the token; we know none.
    case criticalExtension
    /// RFC 7797: an unencoded payload changes what is signed; it is never used for tokens.
    case unencodedPayload
}

extension JWSError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLarge(let count): "the token has \(count) bytes, more than \(JWSCompact.bytesMax)"
        case .wrongSegmentCount(let count): "the token has \(count) segments, not 3, between its dots"
        case .emptySegment(let segment): "the \(segment.rawValue) is empty"
        case .notBase64URL(let segment): "the \(segment.rawValue) is not unpadded base64url"
        case .headerNotJSON(let error): "the header is \(error)"
        case .headerNotAnObject: "the header is not a JSON object"
        case .invalidHeaderField(let name): "the header field \"\(name)\" is missing or has the wrong type"
        case .criticalExtension: "the header demands an extension (crit)"
        case .unencodedPayload: "the header asks for an unencoded payload (b64)"
        }
    }
}
