internal import EventLoop
internal import TLS

/// A connection between being accepted and being served: either it becomes an HTTP connection, or it goes to the peers,
/// or it ends. Clients give up handshakes all the time (a certificate they do not know, a port scan); that is no event.
final class TLSHandshake {
    private let stream: TLSStream
    private let owner: RequestLoop
    private let deadline: MonotonicInstant

    init(_ stream: ByteStream, context: TLSContext, owner: RequestLoop, until deadline: MonotonicInstant) throws(TLSError) {
        self.stream = try TLSStream(over: stream, context: context)
        self.owner = owner
        self.deadline = deadline
    }

    func start() {
        stream.onHandshake = { [self] result in
            if case .success = result { completed() }
        }
        stream.onClose = { [self] _ in owner.forget(self) }
        stream.start()
    }

    func tick(at now: MonotonicInstant) {
        if now >= deadline { stream.close() }
    }

    func abort() {
        stream.close()
    }

    /// The connection has a new holder before this one lets go of it, so that a stopping owner never counts it as gone.
    private func completed() {
        stream.onHandshake = nil
        stream.onClose = nil
        switch stream.negotiatedProtocol {
        case nil, "http/1.1":
            let chain = stream.peerCertificates
            owner.serve(stream, .tls(clientCertificate: chain.first), intermediates: Array(chain.dropFirst()))
        default:
            // The only other protocol that the context agrees to is the peers'.
            handOver()
        }
        owner.forget(self)
    }

    private func handOver() {
        guard let onPeer = owner.onPeer, let detached = try? stream.detach() else { return stream.close() }
        onPeer(detached)
    }
}
