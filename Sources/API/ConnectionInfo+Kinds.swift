import EventLoop
import HTTP

extension ConnectionInfo {
    /// On the clear-text listener of the loopback interface.
    var isClear: Bool {
        if case .clear = kind { true } else { false }
    }

    var isUnix: Bool {
        if case .unix = kind { true } else { false }
    }

    /// Who is at the other end of the Unix socket, when the kernel could tell.
    var unixPeer: PeerCredentials? {
        if case .unix(let credentials) = kind { credentials } else { nil }
    }

    /// What the rate limit counts by: an IPv4 address, or the /64 that one IPv6 user has.
    var rateLimitSource: [UInt8] {
        switch peerAddress {
        case .ipv4(let host, _): bigEndian(UInt64(host.bits))
        case .ipv6(let host, _): [6] + bigEndian(host.high)
        case .unix, nil: []
        }
    }

    private func bigEndian(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
    }
}
