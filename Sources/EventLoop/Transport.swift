/// A two-way stream of bytes confined to one loop: what HTTP and the peer links are written against.
///
/// Rules that every conformer keeps:
/// - Everything here is called on `loop`, and every callback runs on it.
/// - No callback runs inside a call of yours: a failing `write` reports through `onClose` later.
/// - A stream starts paused; nothing is read until `resumeReading()`.
/// - After `close()` only `onClose` is still to come. It comes exactly once, with nil when this
///   side asked for the close; then all callbacks are dropped, so a cycle through them ends there.
/// - A stream lives until it is closed, whether or not anybody holds it.
package protocol Transport: AnyObject {
    var loop: EventLoop { get }

    /// Bytes that arrived. The span is the loop's own buffer: valid only during the call.
    var onBytes: ((borrowing Span<UInt8>) -> Void)? { get set }
    /// The peer will send no more (writing still works). Without a handler the stream closes itself.
    var onEnd: (() -> Void)? { get set }
    /// Everything queued has been handed to the kernel. Not called when `write` never had to queue.
    var onDrain: (() -> Void)? { get set }
    var onClose: (((any Error)?) -> Void)? { get set }

    /// False from the first `close()` or failure on.
    var isOpen: Bool { get }
    /// Bytes accepted by `write` that the kernel has not taken yet.
    var queuedBytes: Int { get }
    /// More queued bytes than this end the stream with ``EventLoopError/writeQueueFull(peer:bytesMax:)``.
    var writeQueueBytesMax: Int { get set }
    var peerAddress: SocketAddress? { get }
    /// Who is at the other end of a Unix socket; nil for every other kind.
    var peerCredentials: PeerCredentials? { get }

    /// Back pressure: stop after the current `onBytes`, and go on again. Both may be repeated.
    func pauseReading()
    func resumeReading()

    /// Sends at once what the kernel takes and queues a copy of the rest. Ignored when not open.
    func write(_ bytes: borrowing Span<UInt8>)

    /// Half-close: the peer reads its end of stream after all that is queued. Reading goes on.
    func shutdownWrite()
    /// Closes now; what is queued is lost.
    func close()
    /// Closes when everything queued has been handed to the kernel. Nothing more is read, and
    /// further writes are ignored. TCP answers what the peer still sends with a reset, which may
    /// overtake the last bytes: to refuse a request that is still arriving, `shutdownWrite()`, read
    /// on until `onEnd` or a time limit, and then `close()`.
    /// A peer that never reads keeps the stream open: the caller owns the time limit.
    func closeAfterFlush()
}

extension Transport {
    package func write(_ bytes: [UInt8]) {
        write(bytes.span)
    }
}
