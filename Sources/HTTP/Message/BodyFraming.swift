/// How the length of a message's body is known (RFC 9112 §6.3). Decided once, from the head, before any body byte is read.
package enum BodyFraming: Sendable, Equatable {
    /// A request with neither Content-Length nor Transfer-Encoding: its body is empty.
    case none
    case length(Int)
    case chunked
    /// Responses only: the body ends where the connection ends.
    case untilClose
}
