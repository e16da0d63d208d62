import EventLoop

/// Where a member listens, in the words of libp2p: `/ip4/192.0.2.1/tcp/8443/https`.
struct Multiaddr: Equatable {
    let host: String
    let port: UInt16

    enum Failure: Error, Equatable {
        case noLeadingSlash
        case unknownHost(String)
        case noPort
        case badHost(String)
        case badPort
        case unknownSuffix(String)
    }

    /// All the same to us: a member speaks TLS on its port, and a token is never sent without, whatever the suffix promises.
    private static let suffixes: Set<Substring> = ["http", "https", "ws", "wss"]

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    init(_ target: HostPort) {
        self.init(host: target.host, port: target.port)
    }

    init(parsing text: String) throws(Failure) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0].isEmpty else { throw .noLeadingSlash }
        let host = String(parts[2])
        try Self.check(host, as: parts[1])
        guard parts.count >= 5, parts[3] == "tcp" else { throw .noPort }
        guard let target = try? HostPort(parsing: "h:\(parts[4])"), target.port > 0 else { throw .badPort }
        let rest = parts[5...].filter { !$0.isEmpty }
        if let unknown = rest.first(where: { !Self.suffixes.contains($0) }) { throw .unknownSuffix(String(unknown)) }
        guard rest.count <= 1 else { throw .unknownSuffix(String(rest[1])) }
        self.init(host: host, port: target.port)
    }

    private static func check(_ host: String, as kind: Substring) throws(Failure) {
        let isIPv6 = host.utf8.contains(UInt8(ascii: ":"))
        let isFit =
            switch kind {
            case "ip4": isIPv4(host)
            case "ip6": isIPv6
            case "dns", "dns4", "dns6": !isIPv6
            default: throw .unknownHost(String(kind))
            }
        let text = isIPv6 ? "[\(host)]:1" : "\(host):1"
        guard isFit, (try? HostPort(parsing: text)) != nil else { throw .badHost(String(kind)) }
    }

    private static func isIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { part in
            part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } && UInt8(part) != nil
        }
    }

    /// `HOST:PORT`.
    var authority: String { HostPort(host: host, port: port).description }
}

extension Multiaddr: CustomStringConvertible {
    var description: String {
        let kind = host.utf8.contains(UInt8(ascii: ":")) ? "ip6" : Self.isIPv4(host) ? "ip4" : "dns"
        return "/\(kind)/\(host)/tcp/\(port)/https"
    }
}

extension Multiaddr.Failure: CustomStringConvertible {
    var description: String {
        switch self {
        case .noLeadingSlash: "the address must be like /ip4/192.0.2.1/tcp/8443/https"
        case .unknownHost(let kind): "the address starts with /\(Table.printable(kind)); ip4, ip6, dns, dns4 or dns6 is wanted"
        case .noPort: "the address has no /tcp/PORT after its host"
        case .badHost(let kind): "the host is no \(kind == "ip4" ? "IPv4 address" : kind == "ip6" ? "IPv6 address" : "DNS name")"
        case .badPort: "the port must be from 1 to 65535"
        case .unknownSuffix(let suffix): "the address ends with /\(Table.printable(suffix)); http, https, ws, wss or nothing is wanted"
        }
    }
}
