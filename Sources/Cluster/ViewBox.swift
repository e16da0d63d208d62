import Synchronization

/// Hands the current view from the cluster loop to the request loops.
///
/// A lock and not a message to each loop: a write is acknowledged only when every request loop
/// sees its view, and with one box that is so the moment `replace` returns. It is held for one
/// pointer copy.
final class ViewBox: Sendable {
    private let current: Mutex<MemberView>

    init(_ view: MemberView) { current = Mutex(view) }

    var view: MemberView { current.withLock { $0 } }

    func replace(_ view: MemberView) {
        // The old view dies outside the lock: freeing a large map must not make readers wait.
        let old = current.withLock { held in
            let old = held
            held = view
            return old
        }
        withExtendedLifetime(old) {}
    }
}
