internal import HTTPTypes

extension HTTPHead {
    /// Reads the target in origin-form, absolute-form or asterisk-form (RFC 9112 §3.2); authority-form belongs to
    /// CONNECT, which is refused. Only the characters of RFC 3986 are accepted; whether the escapes in them decode is
    /// for `PathSegments` and `QueryItems` to say.
    ///
    /// - Returns: the authority of an absolute-form target.
    mutating func readTarget() throws(HTTPParseError) -> Range<Int>? {
        switch bytes[targetRange.lowerBound] {
        case ASCII.slash:
            (pathRange, queryRange) = try bytes.splitAtQuery(targetRange)
            return nil
        case UInt8(ascii: "*"):
            guard targetRange.count == 1, method == .options else { throw .malformedTarget }
            pathRange = targetRange
            return nil
        default:
            return try readAbsoluteForm()
        }
    }

    private mutating func readAbsoluteForm() throws(HTTPParseError) -> Range<Int> {
        guard let schemeLength = ["http://", "https://"].first(where: hasTargetPrefix)?.utf8.count else { throw .malformedTarget }
        let start = targetRange.lowerBound + schemeLength
        let end = bytes[start..<targetRange.upperBound].firstIndex { $0 == ASCII.slash || $0 == UInt8(ascii: "?") }
            ?? targetRange.upperBound
        let authority = start..<end
        guard bytes.isHost(authority) else { throw .malformedTarget }
        (pathRange, queryRange) = try bytes.splitAtQuery(end..<targetRange.upperBound)
        if pathRange.isEmpty {
            // `http://host` and `http://host/` are the same target (RFC 9110 §4.2.3), so both have a path to route by.
            pathRange = bytes.count..<bytes.count + 1
            lines.bytes.append(ASCII.slash)
        }
        return authority
    }

    private func hasTargetPrefix(_ prefix: String) -> Bool {
        let length = prefix.utf8.count
        return targetRange.count > length
            && bytes.equalsIgnoringCase(targetRange.lowerBound..<targetRange.lowerBound + length, prefix)
    }
}

extension [UInt8] {
    /// Cuts `path [ "?" query ]` and refuses every character that may not stand there, `#` among them.
    fileprivate func splitAtQuery(_ range: Range<Int>) throws(HTTPParseError) -> (path: Range<Int>, query: Range<Int>?) {
        let bytes = self.span
        var at = range.lowerBound
        while at < range.upperBound, bytes[at].isTargetCharacter { at += 1 }
        let path = range.lowerBound..<at
        guard at < range.upperBound else { return (path, nil) }
        guard bytes[at] == UInt8(ascii: "?") else { throw .malformedTarget }
        let query = at + 1..<range.upperBound
        at += 1
        while at < range.upperBound, bytes[at].isTargetCharacter || bytes[at] == UInt8(ascii: "?") { at += 1 }
        guard at == range.upperBound else { throw .malformedTarget }
        return (path, query)
    }
}
