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
    /// For a refused client to read the refusal and hang up. After it: closed.
    package var linger: Duration = .seconds(2)

    package init() {}
}
