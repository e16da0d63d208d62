import Synchronization

/// A handler that one thread sets and another calls.
///
/// The closure lies in a struct of its own. Kept bare in the mutex, Swift would convert it on its way out and store
/// the converted one on the way back, one layer more at each call; after some twenty thousand of them a call
/// overflows the stack.
final class HandlerBox<Event: Sendable>: Sendable {
    private struct Handler: Sendable {
        let call: @Sendable (Event) -> Void
    }

    private let handler = Mutex<Handler?>(nil)

    func set(_ call: @escaping @Sendable (Event) -> Void) {
        handler.withLock { $0 = Handler(call: call) }
    }

    /// Nothing happens before one is set.
    func call(_ event: Event) {
        handler.withLock { $0 }?.call(event)
    }
}
