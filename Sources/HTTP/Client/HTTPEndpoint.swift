package import TLS

/// Where a request goes, and how the server there is made sure of.
package enum HTTPEndpoint: Sendable {
    case unix(path: String)
    /// - serverName: what SNI says; the host when nil.
    case tls(host: String, port: UInt16, TLSContext, serverName: String?)
    /// Clear text, for loopback.
    case clear(host: String, port: UInt16)

    /// The Host field. A local socket has no authority; curl and the Incus client send a name as well.
    var hostField: String {
        switch self {
        case .unix: "localhost"
        case .tls(let host, let port, _, _), .clear(let host, let port):
            host.utf8.contains(ASCII.colon) ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
