package import Crypto
internal import EventLoop

/// An established TLS connection between two loops. Closes the connection if nobody takes it.
///
/// Safe to send: only the one `adopt` that gets the descriptor reads `session`, and the loop that detached it kept no way to it.
package final class DetachedTLSStream: @unchecked Sendable {
    let descriptor: DetachedDescriptor
    let session: TLSSession
    /// The certificate that the other side proved to hold, so that a stranger can be dropped before
    /// the connection moves.
    package let peerCertificate: Certificate?

    init(_ descriptor: DetachedDescriptor, _ session: TLSSession) {
        peerCertificate = session.peerCertificates.first
        self.descriptor = descriptor
        self.session = session
    }
}
