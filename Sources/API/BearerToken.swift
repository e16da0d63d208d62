import HTTP

/// Where a request carries its token.
enum BearerToken {
    /// Where besides the `Authorization: Bearer` header an endpoint looks for it.
    enum Placement: Sendable {
        case headerOnly
        /// `?access_token=`, as Incus has it.
        case underAPI
        /// `Authorization: T` without a scheme, and `?token=`, as Lotus has it.
        case rpc
    }

    /// The bytes after `Bearer ` in an `Authorization` value. Exactly two parts, one space, scheme in
    /// any case (RFC 6750 §2.1, RFC 9110 §11.1); nil for any other scheme or shape.
    static func range(in authorization: Range<Int>, of bytes: Span<UInt8>) -> Range<Int>? {
        let length = 6
        guard authorization.count > length + 1, bytes[authorization.lowerBound + length] == UInt8(ascii: " ") else {
            return nil
        }
        var scheme: UInt64 = 0
        // ASCII letters differ from their lower case in this bit only.
        for at in authorization.lowerBound..<authorization.lowerBound + length { scheme = scheme << 8 | UInt64(bytes[at] | 0x20) }
        guard scheme == 0x62_65_61_72_65_72 /* "bearer" */ else { return nil }
        let token = (authorization.lowerBound + length + 1)..<authorization.upperBound
        return hasBlank(bytes.extracting(token)) ? nil : token
    }

    /// Looks at all of it, whatever it finds: without a way out of the loop the processor looks at many bytes at a time.
    private static func hasBlank(_ token: Span<UInt8>) -> Bool {
        var blanks: UInt8 = 0
        for index in 0..<token.count {
            let byte = token[index]
            blanks |= (byte == UInt8(ascii: " ") ? 1 : 0) | (byte == UInt8(ascii: "\t") ? 1 : 0)
        }
        return blanks != 0
    }

    /// A bearer header wins over the query parameter even when it is bad; another scheme leaves the
    /// parameter in force (docs/incus.md, "Requests").
    static func bytes(_ head: HTTPHead, _ query: QueryParameters, _ placement: Placement) throws(Problem) -> [UInt8]? {
        if let authorization = head.authorizationRange, let token = range(in: authorization, of: head.bytes.span) {
            return Array(head.bytes[token])
        }
        switch placement {
        case .headerOnly: return nil
        case .underAPI: return try query.value("access_token").map { Array($0.utf8) }
        case .rpc:
            // Another scheme is then a token that is no good, and not the absence of one, which would be let in to read.
            if let authorization = head.authorizationRange { return Array(head.bytes[authorization]) }
            return try query.value("token").map { Array($0.utf8) }
        }
    }
}
