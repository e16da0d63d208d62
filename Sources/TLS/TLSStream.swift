package import EventLoop

/// A TLS connection on one loop: a ``ByteStream`` with a ``TLSSession`` on top, used like any ``Transport``.
///
/// Set the callbacks, call `start()`, and wait for `onHandshake`; what is written before is ignored. The owner limits the time
/// that a handshake may take by closing the stream. Writes made inside a callback leave together, in one write to the
/// kernel, when the callback returns.
package final class TLSStream: Transport {
    /// Each state moves only to one further down.
    enum State {
        case idle
        case handshaking
        case established
        /// The transport is closing; its `onClose` is to come. `because` is nil when this side asked for the close.
        case closing(because: TLSError?)
        /// Closed, or continued by another loop, which then owns the session: it must not be touched here any more.
        case gone
    }

    /// Ciphertext collected inside one callback before it is handed to the transport anyway, and the piece in which
    /// long writes are encrypted.
    static let outgoingBytesMax = 128 << 10

    package let loop: EventLoop
    let stream: ByteStream
    let session: TLSSession
    var state: State
    var wantsBytes = false
    /// A callback of the owner is running, so that more writes may follow.
    var isPumping = false
    /// close_notify has been read; what follows is ignored (RFC 8446 §6.1).
    var hasInputEnded = false
    /// The transport has delivered its end, and must not be asked to read again.
    var hasTransportEnded = false
    var isWriteOpen = true

    package var onBytes: ((borrowing Span<UInt8>) -> Void)?
    package var onEnd: (() -> Void)?
    package var onDrain: (() -> Void)?
    package var onClose: (((any Error)?) -> Void)?
    /// At most once, and not after a `close()` of this side. A failure is followed by `onClose`.
    package var onHandshake: ((Result<Void, TLSError>) -> Void)?

    /// Takes over `stream`, which is open, has not been read from, and whose callbacks become this object's.
    /// The context says which side this is; `serverName` is for a client's SNI: a DNS name, never an address.
    package convenience init(over stream: ByteStream, context: TLSContext, serverName: String? = nil) throws(TLSError) {
        self.init(stream, try TLSSession(context: context, serverName: serverName), .idle)
    }

    init(_ stream: ByteStream, _ session: TLSSession, _ state: State) {
        loop = stream.loop
        self.stream = stream
        self.session = session
        self.state = state
        // These keep this object alive as long as the transport is open, which drops them when it closes.
        stream.onBytes = { self.received($0) }
        stream.onEnd = { self.transportEnded() }
        stream.onDrain = { self.onDrain?() }
        stream.onClose = { self.transportClosed($0) }
    }

    /// Begins the handshake. Plaintext is still not delivered until `resumeReading()`.
    package func start() {
        loop.preconditionOnLoop()
        guard case .idle = state else { return }
        state = .handshaking
        stream.resumeReading()
        guard session.context.side == .client else { return }
        do throws(TLSError) {
            _ = try session.advanceHandshake()
            flush()
        } catch {
            afterThisCall { $0.fail(error) }
        }
    }

    package var isEstablished: Bool {
        if case .established = state { true } else { false }
    }

    var isHandshaking: Bool {
        if case .handshaking = state { true } else { false }
    }

    package var isOpen: Bool {
        switch state {
        case .idle, .handshaking, .established: stream.isOpen
        case .closing, .gone: false
        }
    }

    package var peerAddress: SocketAddress? { stream.peerAddress }
    package var peerCredentials: PeerCredentials? { stream.peerCredentials }

    package var writeQueueBytesMax: Int {
        get { stream.writeQueueBytesMax }
        set { stream.writeQueueBytesMax = newValue }
    }

    /// Ciphertext, which is a little more than what was written.
    package var queuedBytes: Int {
        if case .gone = state { return 0 }
        return stream.queuedBytes + session.outgoingByteCount
    }

    /// Runs `body` on the loop, but not inside the current call.
    func afterThisCall(_ body: @escaping @Sendable (TLSStream) -> Void) {
        let bound = LoopBound(confined: self, on: loop)
        loop.execute { body(bound.value) }
    }
}
