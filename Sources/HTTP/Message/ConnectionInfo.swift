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
    /// What the client sent with its certificate, in its order; nobody has judged that either.
    package let intermediates: [Certificate]

    /// More than this of what a client sends with its certificate is not kept.
    package static let intermediatesMax = 8
    package static let intermediateBytesMax = 32 << 10

    package init(kind: Kind, peerAddress: SocketAddress?, intermediates: [Certificate] = []) {
        self.kind = kind
        self.peerAddress = peerAddress
        var room = Self.intermediateBytesMax
        self.intermediates = Array(intermediates.prefix(Self.intermediatesMax).prefix { certificate in
            room -= certificate.der.count
            return room >= 0
        })
    }

    package var clientCertificate: Certificate? {
        if case .tls(let certificate) = kind { certificate } else { nil }
    }
}
