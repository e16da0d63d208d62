package import EventLoop
package import HTTPTypes

/// One complete request. A plain call gets it while the connection still owns its storage; whoever keeps it (a
/// `.later` closure) holds a value that no longer changes.
package struct IncomingRequest: Sendable {
    package var head: HTTPHead
    /// Decoded, at most `HTTPLimits.bodyBytesMax` bytes.
    package var body: [UInt8]
    package var connection: ConnectionInfo
    /// When the read that completed this request was made.
    package var requestStart: MonotonicInstant

    package init(head: HTTPHead, body: [UInt8], connection: ConnectionInfo, requestStart: MonotonicInstant) {
        self.head = head
        self.body = body
        self.connection = connection
        self.requestStart = requestStart
    }

    package var method: HTTPRequest.Method { head.method }

    /// Whether the sender said how long the body is. A method that needs a body answers 411 when it did not
    /// (RFC 9110 §15.5.12); the others take the body as empty.
    package var declaresBody: Bool { head.framing != .none }
}
