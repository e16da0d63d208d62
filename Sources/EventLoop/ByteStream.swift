internal import CUV
internal import Glibc

/// A TCP or Unix connection on one loop. See ``Transport`` for the rules of use.
///
/// Made by ``connect(to:on:timeout:completion:)``, by a ``StreamListener``, or by
/// ``adopt(_:on:)`` from what another loop detached.
package final class ByteStream: LoopHandle, Transport {
    enum Kind { case tcp, pipe }

    /// Each state moves only to one further down.
    enum State {
        case connecting
        case open
        /// The close callback is to come; `because` is nil when this side asked for the close.
        case closing(because: (any Error)?)
        /// As `closing`, but the connection goes on elsewhere and nobody here hears of it.
        case detached
        case closed
    }

    /// What happens when the queue runs empty. Each moves only to one further down.
    enum WriteSide { case open, shutsDownAfterFlush, shutDown, closesAfterFlush }

    package static let defaultWriteQueueBytesMax = 4 * 1024 * 1024

    package var onBytes: ((borrowing Span<UInt8>) -> Void)?
    package var onEnd: (() -> Void)?
    package var onDrain: (() -> Void)?
    package var onClose: (((any Error)?) -> Void)?
    package var writeQueueBytesMax = ByteStream.defaultWriteQueueBytesMax

    let kind: Kind
    var state: State
    var writeSide = WriteSide.open
    var queue = WriteQueue()
    var attempt: ConnectAttempt?
    /// Read once, when connected: after a reset the kernel no longer tells, and errors name the peer.
    package private(set) var peerAddress: SocketAddress?

    /// The handle exists and has no socket yet, or none that is connected.
    init(_ kind: Kind, state: State, on loop: EventLoop) {
        self.kind = kind
        self.state = state
        super.init(on: loop, kind: kind == .tcp ? UV_TCP : UV_NAMED_PIPE)
        let status = switch kind {
        case .tcp: unsafe uv_tcp_init(loop.uv, raw.assumingMemoryBound(to: uv_tcp_t.self))
        case .pipe: unsafe uv_pipe_init(loop.uv, raw.assumingMemoryBound(to: uv_pipe_t.self), 0)
        }
        precondition(status == 0, "without a family these only fill in fields")
        adoptHandle()
    }

    var stream: UnsafeMutablePointer<uv_stream_t> {
        unsafe raw.assumingMemoryBound(to: uv_stream_t.self)
    }

    var descriptor: Int32? {
        var descriptor: Int32 = -1
        guard !isClosing, unsafe uv_fileno(handle, &descriptor) == 0 else { return nil }
        return descriptor
    }

    package var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    package var queuedBytes: Int { queue.byteCount }

    package var peerCredentials: PeerCredentials? {
        guard kind == .pipe, let descriptor else { return nil }
        return PeerCredentials(descriptor: descriptor)
    }

    /// For error texts.
    var peerName: String {
        peerAddress?.description ?? (kind == .pipe ? "the other end of the Unix socket" : "the peer")
    }

    package func close() {
        end(because: nil)
    }

    func fail(_ error: EventLoopError) {
        end(because: error)
    }

    private func end(because reason: EventLoopError?) {
        loop.preconditionOnLoop()
        switch state {
        case .closing, .detached, .closed: return
        case .connecting, .open: break
        }
        state = .closing(because: reason)
        onBytes = nil
        onEnd = nil
        onDrain = nil
        closeHandle()
    }

    override func loopWillEnd() {
        fail(.loopEnded)
    }

    override func didClose() {
        queue.free()
        guard case .closing(let reason) = state else {
            state = .closed
            return
        }
        state = .closed
        let report = onClose
        onClose = nil
        if let attempt {
            self.attempt = nil
            attempt.finish(.failure(reason as? EventLoopError ?? .streamNotOpen))
        } else {
            report?(reason)
        }
    }

    /// Once connected. Answers are small and must not wait for the peer's acknowledgement (RFC 896).
    func becameConnected() {
        guard kind == .tcp else { return }
        peerAddress = descriptor.flatMap(SocketAddress.ofPeer)
        unsafe uv_tcp_nodelay(raw.assumingMemoryBound(to: uv_tcp_t.self), 1)
    }
}
