package import EventLoop
package import TLS

/// One place where a server accepts connections.
package enum HTTPListener: Sendable {
    /// TLS on every loop; port 0 takes a free one. The context can be replaced while serving.
    case tls(SocketAddress, TLSContext)
    /// A Unix socket on the first loop, with the permissions of its file.
    case unix(path: String, mode: UInt32)
    /// Clear text on every loop. The caller has made sure that it is a loopback address.
    case clear(SocketAddress)
}
