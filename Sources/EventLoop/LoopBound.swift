/// Carries a value that belongs to one loop through code that runs elsewhere.
///
/// Safe to send: every access to `value` first traps unless it runs on `loop`'s thread, and the
/// value is released there as well.
package final class LoopBound<Value>: @unchecked Sendable {
    package let loop: EventLoop
    private var stored: Value

    /// May be made on any thread: `sending` proves that nothing else still reaches the value.
    package init(_ value: sending Value, on loop: EventLoop) {
        stored = value
        self.loop = loop
    }

    /// The value, when already on its loop and therefore not provably disconnected from it.
    package init(confined value: Value, on loop: EventLoop) {
        loop.preconditionOnLoop()
        stored = value
        self.loop = loop
    }

    /// For a `deinit` off the loop, which owns the last reference to `value` and only passes it on.
    init(unchecked value: Value, on loop: EventLoop) {
        stored = value
        self.loop = loop
    }

    package var value: Value {
        get {
            loop.preconditionOnLoop()
            return stored
        }
        set {
            loop.preconditionOnLoop()
            stored = newValue
        }
    }

    deinit {
        if loop.isCurrent { return }
        // The last reference may die on any thread; what it guards must not.
        let released = Released(stored)
        loop.execute { _ = released }
    }

    /// Safe to send: nothing reads `value`; it exists to be dropped on the loop.
    private final class Released: @unchecked Sendable {
        private let value: Value
        init(_ value: Value) { self.value = value }
    }
}
