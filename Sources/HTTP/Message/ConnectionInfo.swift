package import Crypto
package import EventLoop

/// What is known about a connection before its first request. One per connection, shared by its requests.
package final class ConnectionInfo: Sendable {
    package enum Kind: Sendable {
        /// TLS. The certificate is what the client proved to hold; nobody has judged it yet.
        case tls(clientCertificate: Certificate?)
        /// The local socket, with what the kernel says about the process at its other end.
        case unix(PeerCredentials?)
        /// The clear loopback listener.
        case clear
    }

    package let kind: Kind
    package let peerAddress: SocketAddress?

    package init(kind: Kind, peerAddress: SocketAddress?) {
        self.kind = kind
        self.peerAddress = peerAddress
    }

    package var clientCertificate: Certificate? {
        if case .tls(let certificate) = kind { certificate } else { nil }
    }
}
