package import TLS

/// Where a request goes, and how the server there is made sure of.
package enum HTTPEndpoint: Sendable {
    case unix(path: String)
    /// - serverName: what SNI says; the host when nil.
    case tls(host: String, port: UInt16, TLSContext, serverName: String?)
    /// Clear text: for loopback, and for what carries its own proof.
    case clear(host: String, port: UInt16)

    /// The Host field. A local socket has no authority; curl and the Incus client send a name as well.
    var hostField: String {
        switch self {
        case .unix: "localhost"
        case .tls(let host, let port, _, _): Self.field(host, port, usual: 443)
        case .clear(let host, let port): Self.field(host, port, usual: 80)
        }
    }

    /// RFC 9110 §4.2.3: the usual port is left out, which some servers go by.
    private static func field(_ host: String, _ port: UInt16, usual: UInt16) -> String {
        let name = host.utf8.contains(ASCII.colon) ? "[\(host)]" : host
        return port == usual ? name : "\(name):\(port)"
    }
}
