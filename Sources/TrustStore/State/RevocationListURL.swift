/// Where the leader fetches an authority's CRL: `http://HOST[:PORT][/PATH][?QUERY]`.
///
/// Not https: a CRL carries its issuer's signature, so its way here need not be secure (RFC 5280 §8), and there is no list of
/// CAs here by which an https server could be told from another.
package struct RevocationListURL: Sendable, Hashable {
    package static let bytesMax = 1_024
    private static let portDefault: UInt16 = 80

    /// As it was written.
    package let text: String
    /// Without brackets.
    package let host: String
    package let port: UInt16
    /// Path and query, as a request names them.
    package let target: String

    /// Nil for anything else; `flaw` says what is wrong with it.
    package init?(_ text: String) {
        guard Self.flaw(in: text) == nil else { return nil }
        let rest = text.dropFirst(Self.scheme.count)
        let (authority, target) = Self.split(rest)
        let address = Self.address(authority)
        guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]) else { return nil }
        var host = address[..<colon]
        if host.first == "[" { host = host.dropFirst().dropLast() }
        self.text = text
        self.host = String(host)
        self.port = port
        self.target = target
    }

    private static let scheme = "http://"

    /// The rule that a text breaks, to follow the name of a field; nil for a good one.
    package static func flaw(in text: String) -> String? {
        guard text.utf8.count <= bytesMax else { return "must be at most \(bytesMax) bytes long" }
        guard !text.lowercased().hasPrefix("https://") else {
            return "must begin with http://, not https://: a CRL carries its issuer's signature, so its way here need not be secure "
                + "(RFC 5280, section 8), and there is no list of CAs here to tell an https server by"
        }
        guard text.hasPrefix(scheme) else { return "must begin with http://" }
        let (authority, target) = split(text.dropFirst(scheme.count))
        guard MemberAddress.isValid(address(authority)), !authority.contains("%") else {
            return "must name a host, and a port if it is not \(portDefault), behind http://"
        }
        guard target.utf8.allSatisfy(isTargetByte) else {
            return "must have a path and a query of visible ASCII, without a fragment, percent-encoded"
        }
        return nil
    }

    private static func split(_ rest: Substring) -> (authority: Substring, target: String) {
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let target = String(rest[end...])
        return (rest[..<end], target.hasPrefix("/") ? target : "/" + target)
    }

    /// With a port, which `MemberAddress` wants.
    private static func address(_ authority: Substring) -> String {
        let isBare = authority.hasPrefix("[") ? authority.hasSuffix("]") : !authority.contains(":")
        return isBare ? "\(authority):\(portDefault)" : String(authority)
    }

    /// RFC 3986 §3.3 and §3.4.
    private static func isTargetByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._~!$&'()*+,;=:@/%?".utf8.contains(byte)
        }
    }
}
