internal import Synchronization

/// Work for a loop from any thread, first in, first out.
///
/// Not bounded here: a task that is ready to run cannot be refused without losing it. What fills it
/// (connections, requests, peers) is bounded where it enters.
final class LoopInbox: Sendable {
    enum Work {
        case job(UnownedJob)
        case closure(@Sendable () -> Void)
    }

    private struct State {
        var waiting: [Work] = []
        /// A wake-up has been sent that the loop has not answered by taking the work.
        var wakePending = false
        var isOpen = true
    }

    private let state = Mutex(State())

    /// Calls `wake` when the loop may be asleep. That call is inside the lock, so it cannot meet a
    /// loop that has closed the inbox and then freed what `wake` touches.
    /// False when the loop has ended and the work is dropped.
    func add(_ work: sending Work, waking wake: () -> Void) -> Bool {
        state.withLock { state in
            guard state.isOpen else { return false }
            state.waiting.append(work)
            if !state.wakePending {
                state.wakePending = true
                wake()
            }
            return true
        }
    }

    /// Moves what waits into `batch`, which must be empty; its storage is reused for the next ones.
    func take(into batch: inout [Work]) {
        assert(batch.isEmpty)
        state.withLock { state in
            swap(&state.waiting, &batch)
            state.wakePending = false
        }
    }

    var isEmpty: Bool {
        state.withLock { $0.waiting.isEmpty }
    }

    /// True when nothing waited, and from then on nothing is accepted.
    func closeIfEmpty() -> Bool {
        state.withLock { state in
            guard state.waiting.isEmpty else { return false }
            state.isOpen = false
            return true
        }
    }

    /// Accepts nothing more and drops what waits.
    func close() {
        state.withLock { state in
            state.isOpen = false
            state.waiting = []
        }
    }
}
