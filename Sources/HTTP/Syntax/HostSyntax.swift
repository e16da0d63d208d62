extension [UInt8] {
    /// Whether `range` is `uri-host [":" port]` (RFC 9110 §7.2) with a host that can exist.
    ///
    /// Narrower than RFC 3986 on purpose: no user information, no percent-encoding, no sub-delimiters, no empty host
    /// and no empty port. None of these occurs in the name of a server, and all of them have been used to make two
    /// programs see two different hosts.
    func isHost(_ range: Range<Int>) -> Bool {
        guard let first = self[range].first else { return false }
        guard first == UInt8(ascii: "[") else {
            let end = self[range].firstIndex(of: ASCII.colon) ?? range.upperBound
            guard end > range.lowerBound, self[range.lowerBound..<end].allSatisfy(\.isUnreserved) else { return false }
            return isPort(end..<range.upperBound)
        }
        guard let close = self[range].firstIndex(of: UInt8(ascii: "]")), close > range.lowerBound + 2 else { return false }
        let isAddress = self[range.lowerBound + 1..<close].allSatisfy {
            $0.hexadecimalValue != nil || $0 == ASCII.colon || $0 == UInt8(ascii: ".")
        }
        return isAddress && isPort(close + 1..<range.upperBound)
    }

    /// Nothing, or a colon and a decimal port.
    private func isPort(_ range: Range<Int>) -> Bool {
        guard let first = self[range].first else { return true }
        let digits = range.lowerBound + 1..<range.upperBound
        guard first == ASCII.colon, (1...5).contains(digits.count), self[digits].allSatisfy(\.isDigit) else { return false }
        return self[digits].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 65_535
    }
}
