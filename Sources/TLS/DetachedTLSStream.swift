internal import EventLoop

/// An established TLS connection between two loops. Closes the connection if nobody takes it.
///
/// Safe to send: only the one `adopt` that gets the descriptor reads `session`, and the loop that detached it kept no way to it.
package final class DetachedTLSStream: @unchecked Sendable {
    let descriptor: DetachedDescriptor
    let session: TLSSession

    init(_ descriptor: DetachedDescriptor, _ session: TLSSession) {
        self.descriptor = descriptor
        self.session = session
    }
}
