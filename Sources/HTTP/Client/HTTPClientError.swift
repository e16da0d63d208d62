package import EventLoop
package import TLS

/// Why there is no answer.
package enum HTTPClientError: Error, Equatable, Sendable {
    /// The connection was not made, so the request was not sent.
    case unreachable(EventLoopError)
    /// The handshake failed or the server is not who it should be; the request was not sent.
    case tls(TLSError)
    /// The connection broke after the request had begun to be sent: it may or may not have been acted on.
    case connectionLost
    case timedOut
    case malformedResponse(HTTPParseError)
    /// The request cannot be written as HTTP.
    case invalidRequest
}
