internal import CUV
internal import Glibc

extension SocketAddress: CustomStringConvertible {
    /// `127.0.0.1:8443`, `[::1]:8443` or `unix:/run/credence.sock`; `init(parsing:)` reads it back.
    package var description: String {
        switch self {
        case .ipv4(let host, let port): "\(host):\(port)"
        case .ipv6(let host, let port): "[\(host)]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Reads an address that needs no name look-up: `IPV4:PORT`, `[IPV6]:PORT`, `unix:/PATH`.
    package init(parsing text: String) throws(EventLoopError) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard Self.isUnixPath(path) else { throw .malformedAddress(text) }
            self = .unix(path: path)
            return
        }
        guard let address = SocketAddress(try HostPort(parsing: text)) else { throw .malformedAddress(text) }
        self = address
    }

    /// Nil when the host is a name, which ``EventLoop/resolve(host:port:)`` can look up.
    package init?(_ target: HostPort) {
        if let host = IPv4Host(target.host) {
            self = .ipv4(host, port: target.port)
        } else if let host = IPv6Host(target.host) {
            self = .ipv6(host, port: target.port)
        } else {
            return nil
        }
    }
}

/// A host, as a name or an address, and a port: what an operator writes and a certificate names.
package struct HostPort: Hashable, Sendable, CustomStringConvertible {
    /// Without brackets; at most 253 bytes (RFC 1035 §2.3.4).
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT` or `[IPV6]:PORT`.
    package init(parsing text: String) throws(EventLoopError) {
        guard let colon = text.lastIndex(of: ":"),
              let port = parsePort(text[text.index(after: colon)...])
        else { throw .malformedAddress(text) }
        var host = text[..<colon]
        if host.hasPrefix("[") && host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard IPv6Host(String(host)) != nil else { throw .malformedAddress(text) }
        } else {
            guard host.utf8.allSatisfy(isHostNameByte) else { throw .malformedAddress(text) }
        }
        guard !host.isEmpty, host.utf8.count <= 253 else { throw .malformedAddress(text) }
        self.init(host: String(host), port: port)
    }

    package var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// Plain decimal without sign: `UInt16("+1")` would be accepted by the standard library.
private func parsePort(_ text: Substring) -> UInt16? {
    guard !text.isEmpty, text.utf8.count <= 5, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return UInt16(text)
}

/// Letters, digits, hyphen and dot (RFC 952, 1123), and the underscore that container names use.
private func isHostNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, 45, 46, 95: true
    default: false
    }
}

extension IPv4Host: CustomStringConvertible {
    package var description: String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }

    /// Dotted decimal only; `127.1` and octal forms are refused, as inet_pton(3) does.
    package init?(_ text: String) {
        var address = in_addr()
        guard !text.utf8.contains(0), unsafe inet_pton(AF_INET, text, &address) == 1 else { return nil }
        bits = UInt32(bigEndian: address.s_addr)
    }
}

extension IPv6Host: CustomStringConvertible {
    /// The form of RFC 5952, with a numeric zone when there is one.
    package var description: String {
        var address = unsafe unsafeBitCast((high.bigEndian, low.bigEndian), to: in6_addr.self)
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let plain = unsafe text.withUnsafeMutableBufferPointer { words in
            _ = unsafe inet_ntop(AF_INET6, &address, words.baseAddress, socklen_t(words.count))
            return unsafe String(cString: words.baseAddress!)
        }
        return scope == 0 ? plain : "\(plain)%\(scope)"
    }

    package init?(_ text: String) {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var zone: UInt32 = 0
        if parts.count == 2 {
            zone = if let index = UInt32(parts[1]) { index } else { unsafe if_nametoindex(String(parts[1])) }
            guard zone != 0 else { return nil }
        }
        var address = in6_addr()
        let digits = String(parts.first ?? "")
        guard !digits.utf8.contains(0), unsafe inet_pton(AF_INET6, digits, &address) == 1 else { return nil }
        let words = unsafe unsafeBitCast(address, to: (UInt64, UInt64).self)
        self.init(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1), scope: zone)
    }
}
