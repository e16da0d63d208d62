/// Where a socket is: an IP address with a port, or a path.
package enum SocketAddress: Hashable, Sendable {
    case ipv4(IPv4Host, port: UInt16)
    case ipv6(IPv6Host, port: UInt16)
    case unix(path: String)

    /// `sun_path` holds 108 bytes with the closing zero (unix(7)). libuv cuts longer paths
    /// silently and would serve another path, so they are refused before it sees them.
    package static let unixPathBytesMax = 107

    /// Whether the kernel can serve exactly this path.
    static func isUnixPath(_ path: String) -> Bool {
        (1...unixPathBytesMax).contains(path.utf8.count) && !path.utf8.contains(0)
    }

    /// Nil for a Unix path.
    package var port: UInt16? {
        switch self {
        case .ipv4(_, let port), .ipv6(_, let port): port
        case .unix: nil
        }
    }

    /// Without the port; nil for a Unix path.
    package var hostText: String? {
        switch self {
        case .ipv4(let host, _): "\(host)"
        case .ipv6(let host, _): "\(host)"
        case .unix: nil
        }
    }

    package var isLoopback: Bool {
        switch self {
        case .ipv4(let host, _): host.bits >> 24 == 127
        case .ipv6(let host, _): host.high == 0 && host.low == 1
        case .unix: true
        }
    }

    package func withPort(_ port: UInt16) -> SocketAddress {
        switch self {
        case .ipv4(let host, _): .ipv4(host, port: port)
        case .ipv6(let host, _): .ipv6(host, port: port)
        case .unix: self
        }
    }

    package static func loopback(port: UInt16) -> SocketAddress {
        .ipv4(IPv4Host(bits: 0x7f00_0001), port: port)
    }
}

/// An IPv4 address, the first octet in the highest bits.
package struct IPv4Host: Hashable, Sendable {
    package let bits: UInt32

    package init(bits: UInt32) {
        self.bits = bits
    }
}

/// An IPv6 address: the first eight octets in `high`, most significant first.
package struct IPv6Host: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64
    /// The interface index of a link-local address; zero when there is none (RFC 4007 §11).
    package let scope: UInt32

    package init(high: UInt64, low: UInt64, scope: UInt32 = 0) {
        self.high = high
        self.low = low
        self.scope = scope
    }
}
