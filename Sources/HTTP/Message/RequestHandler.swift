/// How a handler answers: at once, or after asynchronous work.
package enum Reply: Sendable {
    case now(OutgoingResponse)
    /// Runs as a task on the connection's loop. It is cancelled if the connection breaks; the next pipelined request
    /// waits until it has answered.
    case later(@Sendable () async -> OutgoingResponse)
}

/// What the server asks about each request. One per request loop, and called only there.
package protocol RequestHandler: Sendable {
    /// A plain call on the request loop: it must not block.
    func handle(_ request: IncomingRequest) -> Reply
    /// Whether the body of the request is to be read before `handle`. Asked only when one is announced. An answer that does not
    /// wait for it ends the connection: where the next request would begin is then unknown.
    func readsBody(of head: HTTPHead) -> Bool
    /// The bound on the body of this very request, from this connection, if it is to be above the usual one. Asked only when the
    /// head announces a longer body, before a byte of it is read; whoever permits it knows by then who asks.
    func bodyBytesMax(of head: HTTPHead, from connection: ConnectionInfo) -> Int?
    /// The answer to bytes that are no acceptable request. The status should be `error.status`; the connection closes after it.
    func refusal(_ error: HTTPParseError) -> OutgoingResponse
}

extension RequestHandler {
    package func readsBody(of head: HTTPHead) -> Bool { true }
    package func bodyBytesMax(of head: HTTPHead, from connection: ConnectionInfo) -> Int? { nil }
}
