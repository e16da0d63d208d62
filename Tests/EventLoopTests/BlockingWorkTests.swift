import EventLoop
import Glibc
import Testing

@Suite("Blocking work", .timeLimit(.minutes(5)))
struct BlockingWorkTests {
    @Test("runs off the loop and returns its value")
    func offTheLoop() async throws {
        try await onLoop { loop in
            let onTheLoop = try await loop.runBlocking { loop.isCurrent }
            #expect(!onTheLoop)
            #expect(loop.isCurrent)
        }
    }

    @Test("throws what it throws")
    func errors() async throws {
        try await onLoop { loop in
            await #expect(throws: FileError.notFound(path: "/nowhere/at all")) {
                try await loop.runBlocking { try PrivateFile.read("/nowhere/at all", bytesMax: 1) }
            }
        }
    }

    @Test("waits in a queue with a bound; one more is refused at once while all the others still run")
    func bound() async throws {
        try await onLoop { loop in
            let gate = try Gate()
            let outcomes = await withTaskGroup(of: EventLoopError?.self) { group in
                for _ in 0...EventLoop.blockingJobsMax {
                    group.addTask {
                        do {
                            try await loop.runBlocking { gate.waitUntilOpen() }
                            return nil
                        } catch {
                            return error as? EventLoopError
                        }
                    }
                }
                let first = await group.next()
                #expect(first == .blockingQueueFull(jobsMax: EventLoop.blockingJobsMax))
                gate.open()
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count == EventLoop.blockingJobsMax)
            #expect(outcomes.allSatisfy { $0 == nil })
            let again = try await loop.runBlocking { 1 }
            #expect(again == 1)
        }
    }

    @Test("that is under way when the loop shuts down is waited for; what comes later is refused")
    func shutdown() async throws {
        let loop = try EventLoop(name: "ends")
        let gate = try Gate()
        let started = Task { try await loop.runBlocking { gate.waitUntilOpen() } }
        gate.waitUntilSomebodyWaits()
        loop.shutdown()
        gate.open()
        try await started.value
        loop.join()
        await #expect(throws: EventLoopError.loopEnded) { try await loop.runBlocking {} }
    }

    /// Pipes, because blocking threads must wait in the kernel for a test that is itself a task.
    private final class Gate: Sendable {
        private let gate: (read: Int32, write: Int32)
        private let arrivals: (read: Int32, write: Int32)

        init() throws {
            gate = try Self.pipe()
            arrivals = try Self.pipe()
        }

        deinit {
            for descriptor in [gate.read, arrivals.read, arrivals.write] { _ = close(descriptor) }
        }

        func waitUntilOpen() {
            var byte: UInt8 = 0
            _ = unsafe write(arrivals.write, &byte, 1)
            _ = unsafe read(gate.read, &byte, 1)
        }

        func waitUntilSomebodyWaits() {
            var byte: UInt8 = 0
            _ = unsafe read(arrivals.read, &byte, 1)
        }

        /// Once. Every reader now sees the end.
        func open() {
            _ = close(gate.write)
        }

        private static func pipe() throws -> (Int32, Int32) {
            var ends: [Int32] = [0, 0]
            try #require(unsafe Glibc.pipe(&ends) == 0)
            return (ends[0], ends[1])
        }
    }
}
