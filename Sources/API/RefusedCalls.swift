import Synchronization

/// How many calls were refused for want of a scope since this process started. They are in the log of the process and
/// not in the replicated one: strangers must not be able to fill that.
///
/// One for all request loops, each of which adds to it.
final class RefusedCalls: Sendable {
    private let number = Atomic<UInt64>(0)

    var count: UInt64 { number.load(ordering: .relaxed) }

    func add() { number.wrappingAdd(1, ordering: .relaxed) }
}
