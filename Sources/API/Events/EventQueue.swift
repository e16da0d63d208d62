import Synchronization

/// Events on their way to one reader: offered from any thread, taken by one task.
///
/// Bounded. From the first event that finds no room on, none is kept until the reader has taken what there is: so what he
/// misses is one gap, and it lies behind what he is given.
final class EventQueue: Sendable {
    static let countMax = 1_024
    /// Of their JSON.
    static let bytesMax = 256 * 1024
    /// A reader who has missed more than this, without having taken anything, is given up.
    static let missedMax = 65_536

    private struct State {
        var events: [Event] = []
        var bytes = 0
        var missed = 0
        var isAwake = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    struct Taken: Equatable {
        var events: [Event]
        /// How many there were behind `events` that are not in it.
        var missed: Int
    }

    private let state = Mutex(State())

    func offer(_ event: Event) {
        add { state in
            let bytes = event.json.count + Event.overheadBytes
            guard state.missed == 0, state.events.count < Self.countMax, state.bytes + bytes <= Self.bytesMax else {
                state.missed = state.missed.adding(clamping: 1)
                return
            }
            state.events.append(event)
            state.bytes += bytes
        }
    }

    func miss(_ count: Int) {
        add { $0.missed = $0.missed.adding(clamping: UInt64(count)) }
    }

    func wake() {
        add { _ in }
    }

    private func add(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            let waiter = state.waiter
            state.waiter = nil
            if waiter == nil { state.isAwake = true }
            return waiter
        }
        waiter?.resume()
    }

    var isOverrun: Bool { state.withLock { $0.missed > Self.missedMax } }

    func take() -> Taken {
        state.withLock { state in
            let taken = Taken(events: state.events, missed: state.missed)
            state.events = []
            state.bytes = 0
            state.missed = 0
            return taken
        }
    }

    /// Returns when something was offered, or `wake` called, since the last return; or at once for a cancelled task.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isAwake = state.withLock { state in
                    guard !state.isAwake else {
                        state.isAwake = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isAwake { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
    }
}

extension Int {
    /// Of what is only counted: an index that a peer wrote may be as large as there are numbers.
    func adding(clamping count: UInt64) -> Int {
        let (sum, overflow) = addingReportingOverflow(Int(clamping: count))
        return overflow ? .max : sum
    }
}
