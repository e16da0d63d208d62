import EventLoop
import Glibc
import Testing

@Suite("A signal watcher", .timeLimit(.minutes(5)))
struct SignalWatcherTests {
    @Test("delivers each signal it watches to its loop")
    func delivers() async throws {
        try await onLoop { loop in
            let seen = Events<ProcessSignal>()
            let watcher = try SignalWatcher(on: loop, for: ProcessSignal.allCases) {
                loop.preconditionOnLoop()
                seen.send($0)
            }
            for (number, signal) in [(SIGHUP, ProcessSignal.hangUp), (SIGTERM, .terminate), (SIGINT, .interrupt)] {
                kill(getpid(), number)
                #expect(await seen.next() == signal)
            }
            watcher.cancel()
        }
    }

    @Test("a broken pipe does not end the process")
    func brokenPipe() async throws {
        try await onLoop { loop in
            let pair = try await connection(.unix, on: loop)
            let closed = pair.server.closeReason()
            pair.server.close()
            #expect(await closed.next() == nil)
            let peer = pair.client, reset = peer.closeReason()
            peer.write([1])
            guard case .connectionReset? = await reset.next() else {
                Issue.record("the write must fail")
                return
            }
        }
    }
}
