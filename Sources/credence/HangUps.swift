import EventLoop
import Synchronization

/// SIGHUP, from the beginning of `serve` to the end of the process.
///
/// Its usual effect would end a member that still reads its log, joins or stops; and a service manager takes that for an end in
/// good order, after which it starts nothing again.
final class HangUps: Sendable {
    private enum State {
        /// Nobody can act on it yet.
        case starting(isNoted: Bool)
        case serving(@Sendable () -> Void)
        case ending
    }

    private let state = Mutex(State.starting(isNoted: false))
    /// Of its own, because it is needed before the member's loops and after them.
    private let loop: EventLoop
    private let watcher = Mutex<LoopBound<SignalWatcher>?>(nil)

    /// The signal has no other effect any more once this returns. The watcher and this hold each other, for good.
    static func watch() async throws(CommandFailure) -> HangUps {
        do throws(EventLoopError) {
            let hangUps = HangUps(on: try EventLoop(name: "signals"))
            try await hangUps.start()
            return hangUps
        } catch {
            throw .refused("signals cannot be watched for: \(error)")
        }
    }

    private init(on loop: EventLoop) { self.loop = loop }

    private func start() async throws(EventLoopError) {
        let started: Result<Void, EventLoopError> = await withCheckedContinuation { continuation in
            loop.execute { [self] in
                do throws(EventLoopError) {
                    let made = try SignalWatcher(on: loop, for: [.hangUp]) { [self] _ in received() }
                    watcher.withLock { $0 = LoopBound(confined: made, on: loop) }
                    continuation.resume(returning: .success(()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        try started.get()
    }

    private func received() {
        let reload: (@Sendable () -> Void)? = state.withLock { state in
            switch state {
            case .starting:
                state = .starting(isNoted: true)
                return nil
            case .serving(let reload): return reload
            case .ending: return nil
            }
        }
        reload?()
    }

    /// Calls `reload` at each signal from now on, and soon if there was one before. On a thread of its own.
    func reload(with reload: @escaping @Sendable () -> Void) {
        let wasNoted = state.withLock { state in
            defer { state = .serving(reload) }
            if case .starting(isNoted: true) = state { return true } else { return false }
        }
        if wasNoted { loop.execute(reload) }
    }

    /// What is about to end has nothing to reload.
    func ignore() { state.withLock { $0 = .ending } }
}
