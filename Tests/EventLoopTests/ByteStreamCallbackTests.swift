import EventLoop
import Synchronization
import Testing

/// The rules of ``Transport`` about when callbacks come.
@Suite("A stream's callbacks", .timeLimit(.minutes(5)))
struct ByteStreamCallbackTests {
    @Test("onClose comes exactly once, however often and by whomever the stream is closed", arguments: Family.allCases)
    func closeOnce(family: Family) async throws {
        let loop = try EventLoop(name: "test")
        let reports = Mutex<[String]>([])
        try await Task(executorPreference: loop) {
            let pair = try await connection(family, on: loop)
            let closed = Events<Void>()
            pair.client.onClose = { _ in reports.withLock { $0.append("client") } }
            pair.server.onClose = { _ in
                reports.withLock { $0.append("server") }
                closed.send()
            }
            pair.server.resumeReading()
            pair.client.close()
            #expect(reports.withLock { $0 } == [])
            pair.client.close()
            pair.client.closeAfterFlush()
            pair.client.shutdownWrite()
            pair.client.write([1])
            pair.client.resumeReading()
            await closed.next()
            pair.server.close()
        }.value
        loop.shutdown()
        loop.join()
        #expect(reports.withLock { $0.sorted() } == ["client", "server"])
    }

    @Test("a stream may be closed inside onBytes, and nothing more is delivered")
    func closeInsideOnBytes() async throws {
        try await onLoop { loop in
            let pair = try await connection(.unix, on: loop)
            let server = pair.server
            let seen = Counter()
            let closed = server.closeReason()
            server.onBytes = { bytes in
                seen.count += 1
                #expect(bytes.count > 0)
                server.close()
            }
            pair.client.write(pattern(500_000))
            server.resumeReading()
            #expect(await closed.next() == nil)
            #expect(seen.count == 1)
        }
    }

    @Test("a stream may be closed inside onDrain and inside onEnd")
    func closeInsideOthers() async throws {
        try await onLoop { loop in
            let pair = try await connection(.tcp, on: loop)
            let (client, server) = (pair.client, pair.server)
            let closed = server.closeReason()
            client.onDrain = { client.close() }
            _ = client.writeUntilQueued()
            server.onBytes = { _ in }
            server.onEnd = { server.close() }
            server.resumeReading()
            #expect(await closed.next() == nil)
        }
    }

    @Test("closing with bytes queued loses them and ends in one onClose")
    func closeWithQueue() async throws {
        try await onLoop { loop in
            let pair = try await connection(.tcp, on: loop)
            _ = pair.client.writeUntilQueued()
            #expect(pair.client.queuedBytes > 0)
            let closed = pair.client.closeReason()
            pair.client.close()
            #expect(await closed.next() == nil)
            #expect(pair.client.queuedBytes == 0)
        }
    }

    @Test("none runs inside a call: a write that fails reports later")
    func notInside() async throws {
        try await onLoop { loop in
            let pair = try await connection(.tcp, on: loop)
            let inside = Flag()
            let reported = Events<Bool>()
            pair.client.onClose = { _ in reported.send(inside.isSet) }
            pair.client.writeQueueBytesMax = 0
            inside.isSet = true
            while pair.client.isOpen { pair.client.write(pattern(100_000)) }
            inside.isSet = false
            #expect(await reported.next() == false)
        }
    }

    @Test("they are dropped at the close, so a cycle through them ends there")
    func cyclesEnd() async throws {
        try await onLoop { loop in
            weak var remembered: ByteStream?
            do {
                let pair = try await connection(.tcp, on: loop)
                let client = pair.client
                client.onBytes = { _ in client.pauseReading() }
                client.onEnd = { client.close() }
                client.onDrain = { client.close() }
                let closed = Events<Void>()
                client.onClose = { _ in
                    _ = client.isOpen
                    closed.send()
                }
                remembered = client
                client.close()
                await closed.next()
            }
            await Task.yield()
            #expect(remembered == nil)
        }
    }

    private final class Counter {
        var count = 0
    }
}
