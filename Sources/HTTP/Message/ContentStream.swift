/// The content of an answer that is too long to be held: read a piece at a time, and no faster than the client takes it.
///
/// Dropped when no more is needed, whether or not the client took all of it, so what `next` holds ends with it.
package struct ContentStream: Sendable {
    /// Announced to the client before the first byte. Nil for content without an end of its own: the connection ends it.
    package let byteCount: UInt64?
    /// The next bytes. Nil, an empty piece before the announced end or a piece beyond it breaks the connection, so that the
    /// client sees a content cut short and never a whole one.
    package let next: @Sendable () async -> [UInt8]?

    package init(byteCount: UInt64, next: @escaping @Sendable () async -> [UInt8]?) {
        self.byteCount = byteCount
        self.next = next
    }

    /// For as long as there is something to tell. Nil ends it and the connection with it. The task that asks is cancelled when
    /// the client goes or the server stops, and nil must then come at once.
    package init(endless next: @escaping @Sendable () async -> [UInt8]?) {
        byteCount = nil
        self.next = next
    }
}
