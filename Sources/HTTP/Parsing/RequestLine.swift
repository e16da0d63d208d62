internal import HTTPTypes

extension HTTPHead {
    /// Reads `method SP request-target SP HTTP-version` (RFC 9112 §3), single spaces only, into the head.
    mutating func readRequestLine() throws(HTTPParseError) {
        let line = lines.startLine
        guard let firstSpace = bytes[line].firstIndex(of: ASCII.space), firstSpace > line.lowerBound else {
            throw .malformedRequestLine
        }
        let afterMethod = firstSpace + 1..<line.upperBound
        guard let secondSpace = bytes[afterMethod].firstIndex(of: ASCII.space), secondSpace > afterMethod.lowerBound else {
            throw .malformedRequestLine
        }
        method = try parseMethod(line.lowerBound..<firstSpace)
        version = try parseVersion(secondSpace + 1..<line.upperBound)
        if method == .connect { throw .unsupportedMethod }
        targetRange = afterMethod.lowerBound..<secondSpace
    }

    private func parseMethod(_ range: Range<Int>) throws(HTTPParseError) -> HTTPRequest.Method {
        for known in Self.commonMethods where bytes.equals(range, known.rawValue) { return known }
        for byte in bytes[range] where !byte.isToken { throw .malformedRequestLine }
        guard let method = HTTPRequest.Method(rawValue: text(range)) else { throw .malformedRequestLine }
        return method
    }

    private static let commonMethods: [HTTPRequest.Method] = [.get, .post, .head, .put, .delete, .patch, .options]

    /// `HTTP/D.D`. Another version in that shape (the HTTP/2 preface has it too) is a version we do not speak;
    /// any other shape is no request line.
    private func parseVersion(_ range: Range<Int>) throws(HTTPParseError) -> HTTPVersion {
        guard range.count == 8, bytes.equals(range.lowerBound..<range.lowerBound + 5, "HTTP/"),
            bytes[range.lowerBound + 5].isDigit, bytes[range.lowerBound + 6] == UInt8(ascii: "."),
            bytes[range.lowerBound + 7].isDigit
        else { throw .malformedRequestLine }
        switch (bytes[range.lowerBound + 5], bytes[range.lowerBound + 7]) {
        case (UInt8(ascii: "1"), UInt8(ascii: "1")): return .http11
        case (UInt8(ascii: "1"), UInt8(ascii: "0")): return .http10
        default: throw .unsupportedVersion
        }
    }
}
