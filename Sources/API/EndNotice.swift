import Synchronization

/// Why a running server ends.
package enum ServiceEnd: Equatable, Sendable {
    /// SIGTERM or SIGINT.
    case stopSignal
    /// The member left the log for good; the reason is one line for the operator. Only a restart,
    /// with whatever repair the reason asks for, brings it back.
    case halted(String)
}

/// Carries the first reason to end from the thread that has it to the task that waits for it.
///
/// A lock, because the reason comes from the cluster loop or a request loop and may come before
/// anybody waits.
final class EndNotice: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<ServiceEnd, Never>)
        case ended(ServiceEnd)
    }

    private let state = Mutex(State.open)

    func end(_ reason: ServiceEnd) {
        let waiter: CheckedContinuation<ServiceEnd, Never>? = state.withLock { state in
            switch state {
            case .open:
                state = .ended(reason)
                return nil
            case .awaited(let waiter):
                state = .ended(reason)
                return waiter
            case .ended: return nil
            }
        }
        waiter?.resume(returning: reason)
    }

    /// For one waiter.
    func wait() async -> ServiceEnd {
        await withCheckedContinuation { waiter in
            let ended: ServiceEnd? = state.withLock { state in
                if case .ended(let reason) = state { return reason }
                state = .awaited(waiter)
                return nil
            }
            if let ended { waiter.resume(returning: ended) }
        }
    }
}
