/// The rule for `host:port`: enough to keep nonsense out of the state; resolving it is the event loop's work.
package enum MemberAddress {
    /// 253 for a DNS name, a colon, five digits; brackets around an IPv6 address fit too.
    package static let lengthMax = 261

    package static func isValid(_ address: String) -> Bool {
        let bytes = Array(address.utf8)
        guard bytes.count <= lengthMax, let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else { return false }
        let host = bytes[..<colon]
        guard !host.isEmpty, isHost(host) else { return false }
        let digits = bytes[(colon + 1)...]
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return false }
        guard let port = UInt16(String(decoding: digits, as: UTF8.self)) else { return false }
        return port > 0
    }

    /// A name, an IPv4 address, or an IPv6 address in brackets: a bare one could not be told from its port.
    private static func isHost(_ host: ArraySlice<UInt8>) -> Bool {
        let isBracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]") && host.count > 2
        let inside = isBracketed ? host.dropFirst().dropLast() : host
        return inside.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            case UInt8(ascii: ":"), UInt8(ascii: "%"): isBracketed
            default: false
            }
        }
    }
}
