/// How long a client may take. All are measured on the monotonic clock and checked twice a second, so each may be
/// half a second late.
package struct HTTPTimeouts: Sendable, Equatable {
    /// From accepting a TLS connection to the end of its handshake. After it: closed.
    package var handshake: Duration = .seconds(10)
    /// From a request's first byte (or a connection's start) to the end of its head. After it: 408.
    package var header: Duration = .seconds(10)
    /// From the end of the head to the end of the body. After it: 408.
    package var body: Duration = .seconds(30)
    /// Between an answer and the next request. After it: closed without a word.
    package var idle: Duration = .seconds(75)
    /// For an answer's bytes to make any progress. After it: closed.
    package var write: Duration = .seconds(30)
    /// For a client to read the content of a streamed answer, at most, however long it is: what a handler keeps for it, such as
    /// the only place for a backup, is not kept for ever. After it: closed.
    package var content: Duration = .seconds(3_600)
    /// A client that is slower than this on average is cut off before, so that a short answer is not read for an hour.
    package var contentBytesPerSecondMin: UInt64 = 64 << 10
    /// On top of the time that the bytes take at that rate.
    package var contentSlack: Duration = .seconds(60)
    /// For a client to read one piece of an answer without end, or one message of a WebSocket: whoever tells judges anew before
    /// each whether the client may still be told, and one that reads a byte now and then must not put that off. After it: closed.
    package var piece: Duration = .seconds(60)
    /// For a refused client to read the refusal and hang up. After it: closed.
    package var linger: Duration = .seconds(2)

    package init() {}

    /// From the head of a streamed answer to its last byte.
    package func content(byteCount: UInt64) -> Duration {
        min(content, contentSlack + .seconds(Int64(clamping: byteCount / max(1, contentBytesPerSecondMin))))
    }
}
