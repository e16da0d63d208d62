internal import Crypto

/// A token taken apart but not believed: its payload means nothing until the signature is checked
/// over the bytes that were received (never over a re-encoding of what was understood).
package struct JWSCompact: Equatable, Sendable {
    /// Checked before anything else is done with a token.
    package static let bytesMax = 8192

    package let header: JOSEHeader
    package let payload: [UInt8]
    package let signature: [UInt8]
    /// How many of the received bytes, from the first, the signature covers: `header.payload`.
    package let signedByteCount: Int

    package init(parsing token: Span<UInt8>) throws(JWSError) {
        let segments = try JWSSegments(token)
        let headerBytes = try segments.decoded(.header, of: token)
        payload = try segments.decoded(.payload, of: token)
        signature = try segments.decoded(.signature, of: token)
        signedByteCount = segments.payload.upperBound
        header = try JOSEHeader(parsing: headerBytes)
    }
}

/// Where the three segments lie. An empty payload is legal in a JWS (RFC 7515 §2); whether it can be
/// claims is not decided here.
package struct JWSSegments: Equatable, Sendable {
    package let header, payload, signature: Range<Int>

    package init(_ token: Span<UInt8>) throws(JWSError) {
        guard token.count <= JWSCompact.bytesMax else { throw .tooLarge(byteCount: token.count) }
        let dot = UInt8(ascii: ".")
        guard let first = token.firstIndex(of: dot, from: 0), let second = token.firstIndex(of: dot, from: first + 1),
            token.firstIndex(of: dot, from: second + 1) == nil
        else { throw .wrongSegmentCount(1 + token.indices.count { token[$0] == dot }) }
        header = 0..<first
        payload = first + 1..<second
        signature = second + 1..<token.count
        guard !header.isEmpty else { throw .emptySegment(.header) }
        guard !signature.isEmpty else { throw .emptySegment(.signature) }
    }

    package func range(of segment: JWSError.Segment) -> Range<Int> {
        switch segment {
        case .header: header
        case .payload: payload
        case .signature: signature
        }
    }

    package func decoded(_ segment: JWSError.Segment, of token: Span<UInt8>) throws(JWSError) -> [UInt8] {
        guard let bytes = Base64URL.decode(token.extracting(range(of: segment))) else {
            throw .notBase64URL(segment)
        }
        return bytes
    }
}
