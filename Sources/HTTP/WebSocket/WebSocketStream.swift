/// What a server sends on a WebSocket. What the client sends is answered or dropped by the connection.
///
/// Dropped when no more is needed, so what `next` holds ends with it.
package struct WebSocketStream: Sendable {
    package enum Output: Sendable, Equatable {
        /// UTF-8.
        case text([UInt8])
        /// Shows a client, and all that stands between, that this side is there.
        case ping
        case close(WebSocketCloseCode)
    }

    /// The value of `Sec-WebSocket-Accept`.
    package let accept: String
    /// Asked when the client has taken what came before. The task that asks is cancelled when the client goes or the server
    /// stops, and an answer must then come at once.
    package let next: @Sendable () async -> Output

    package init(accept: String, next: @escaping @Sendable () async -> Output) {
        self.accept = accept
        self.next = next
    }
}
