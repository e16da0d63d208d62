import EventLoop
import Synchronization
import Testing

@Suite("An event loop", .timeLimit(.minutes(5)))
struct EventLoopTests {
    @Test("runs work in the order it was given, from a foreign thread and from itself")
    func order() async throws {
        try await onLoop { loop in
            let seen = Mutex<[Int]>([])
            let done = Events<Void>()
            let finished = LoopBound(confined: done, on: loop)
            await Task.detached { for number in 0..<1000 { loop.execute { seen.withLock { $0.append(number) } } } }.value
            for number in 1000..<2000 { loop.execute { seen.withLock { $0.append(number) } } }
            loop.execute { finished.value.send() }
            await done.next()
            #expect(seen.withLock { $0 } == Array(0..<2000))
        }
    }

    @Test("never runs work inside execute, not even on its own thread")
    func notInline() async throws {
        try await onLoop { loop in
            let done = Events<Bool>()
            let inside = LoopBound(confined: Flag(), on: loop)
            let events = LoopBound(confined: done, on: loop)
            inside.value.isSet = true
            loop.execute { events.value.send(inside.value.isSet) }
            inside.value.isSet = false
            #expect(await done.next() == false)
        }
    }

    @Test("runs an actor bound to it, whose isolation its callbacks may assume")
    func actorIsolation() async throws {
        try await onLoop { loop in
            let counter = LoopCounter(loop)
            #expect(await counter.runsOnLoop())
            let fired = Events<Int>()
            let timer = LoopTimer(on: loop)
            timer.schedule(after: .zero) { fired.send(counter.assumeIsolated { $0.increment() }) }
            #expect(await fired.next() == 1)
        }
    }

    @Test("keeps a task that prefers it, also after awaiting work elsewhere")
    func executorPreference() async throws {
        try await onLoop { loop in
            #expect(loop.isCurrent)
            await Task.yield()
            #expect(loop.isCurrent)
            let elsewhere = await Task.detached { loop.isCurrent }.value
            #expect(!elsewhere)
            #expect(loop.isCurrent)
            _ = try await loop.runBlocking { 0 }
            #expect(loop.isCurrent)
        }
    }

    @Test("tasks that never stop resuming each other do not keep the sockets waiting")
    func fairness() async throws {
        try await onLoop { loop in
            let pair = try await connection(.tcp, on: loop)
            let heard = Flag()
            pair.server.onBytes = { _ in heard.isSet = true }
            pair.server.resumeReading()
            pair.client.write([1])
            while !heard.isSet { await Task.yield() }
        }
    }

    @Test("closes its streams with the reason when it shuts down, and refuses work after that")
    func shutdown() async throws {
        let loop = try EventLoop(name: "ends")
        let reasons = Mutex<[EventLoopError?]>([])
        let task = Task(executorPreference: loop) {
            let pair = try await connection(.tcp, on: loop)
            for stream in [pair.client, pair.server] {
                stream.onClose = { reason in reasons.withLock { $0.append(reason as? EventLoopError) } }
            }
        }
        try await task.value
        loop.shutdown()
        loop.shutdown()
        loop.join()
        #expect(reasons.withLock { $0 } == [.loopEnded, .loopEnded])
        #expect(!loop.execute {})
    }

    @Test("lets a task that waits for one of its callbacks finish while it shuts down")
    func shutdownResumesTasks() async throws {
        let loop = try EventLoop(name: "ends")
        let task = Task(executorPreference: loop) {
            let pair = try await connection(.unix, on: loop)
            let closed = pair.client.closeReason()
            loop.shutdown()
            return await closed.next()
        }
        #expect(try await task.value == .loopEnded)
        loop.join()
    }

    @Test("can end before its thread has taken its first turn", arguments: 0..<20)
    func immediateEnd(round: Int) throws {
        let loop = try EventLoop(name: "brief \(round)")
        loop.shutdown()
        loop.join()
    }

    @Test("a confined value is released on its loop, whoever drops it last")
    func loopBoundRelease() async throws {
        try await onLoop { loop in
            let released = Events<Bool>()
            let events = LoopBound(confined: released, on: loop)
            var box: LoopBound<Probe>? = LoopBound(Probe { events.value.send(loop.isCurrent) }, on: loop)
            let passed = Mutex(box.take())
            await Task.detached { passed.withLock { $0 = nil } }.value
            #expect(await released.next())
        }
    }

    @Test("touching a confined value off its loop ends the process")
    func loopBoundTraps() async {
        await #expect(processExitsWith: .failure) {
            let loop = try EventLoop(name: "owner")
            let box = LoopBound(7, on: loop)
            print(box.value)
        }
    }

    @Test("writing to a stream off its loop ends the process")
    func streamTraps() async {
        await #expect(processExitsWith: .failure) {
            let loop = try EventLoop(name: "owner")
            _ = LoopTimer(on: loop)
        }
    }
}

final class Flag {
    var isSet = false
}

private final class Probe {
    private let onDeinit: @Sendable () -> Void
    init(_ onDeinit: @escaping @Sendable () -> Void) { self.onDeinit = onDeinit }
    deinit { onDeinit() }
}

private actor LoopCounter {
    private let loop: EventLoop
    private var count = 0
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    init(_ loop: EventLoop) { self.loop = loop }

    func runsOnLoop() -> Bool { loop.isCurrent }
    func increment() -> Int {
        count += 1
        return count
    }
}
