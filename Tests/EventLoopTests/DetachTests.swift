import EventLoop
import Testing

@Suite("Moving a stream to another loop", .timeLimit(.minutes(5)))
struct DetachTests {
    @Test("loses no byte in either direction, also when it starts inside onBytes", arguments: Family.allCases)
    func move(family: Family) async throws {
        let other = try EventLoop(name: "other")
        try await onLoop { loop in
            let pair = try await connection(family, on: loop)
            let sent = pair.client.writeUntilQueued()
            pair.client.shutdownWrite()
            let collected = Collector()
            let detached = Events<DetachedDescriptor>()
            let server = pair.server
            server.onClose = { _ in Issue.record("a moved stream does not close") }
            server.onBytes = { bytes in
                collected.append(bytes)
                do { detached.send(try server.detachDescriptor()) } catch { Issue.record(error) }
            }
            server.resumeReading()
            let descriptor = await detached.next()
            #expect(!server.isOpen)
            let rest = try await Task(executorPreference: other) {
                let stream = try ByteStream.adopt(descriptor, on: other)
                let bytes = await stream.readToEnd()
                stream.write(Array("goodbye".utf8))
                stream.closeAfterFlush()
                return bytes
            }.value
            #expect(collected.bytes.count <= EventLoop.readBufferBytes)
            #expect(collected.bytes + rest == sent)
            #expect(await pair.client.readToEnd() == Array("goodbye".utf8))
        }
        other.shutdown()
        other.join()
    }

    @Test("is refused while bytes are queued, and the stream goes on")
    func pendingWrites() async throws {
        try await onLoop { loop in
            let pair = try await connection(.tcp, on: loop)
            let sent = pair.client.writeUntilQueued()
            let queued = pair.client.queuedBytes
            #expect(throws: EventLoopError.writesPending(bytes: queued)) { _ = try pair.client.detachDescriptor() }
            #expect(pair.client.isOpen)
            pair.client.shutdownWrite()
            #expect(await pair.server.readToEnd() == sent)
        }
    }

    @Test("a connection that nobody adopts is closed")
    func dropped() async throws {
        try await onLoop { loop in
            let pair = try await connection(.tcp, on: loop)
            var detached: DetachedDescriptor? = try pair.server.detachDescriptor()
            #expect(detached != nil)
            detached = nil
            #expect(await pair.client.readToEnd() == [])
        }
    }

    @Test("happens once: neither a closed stream nor an adopted descriptor can be moved again")
    func once() async throws {
        try await onLoop { loop in
            let pair = try await connection(.unix, on: loop)
            let detached = try pair.server.detachDescriptor()
            #expect(throws: EventLoopError.streamNotOpen) { _ = try pair.server.detachDescriptor() }
            let adopted = try ByteStream.adopt(detached, on: loop)
            #expect(throws: EventLoopError.streamNotOpen) { _ = try ByteStream.adopt(detached, on: loop) }
            adopted.write([1])
            #expect(await pair.client.read(1) == [1])
        }
    }

    @Test("what is no socket is refused and closed")
    func notASocket() async throws {
        try await onLoop { loop in
            #expect(throws: EventLoopError.self) { _ = try ByteStream.adopt(DetachedDescriptor(owning: 1_000_000), on: loop) }
        }
    }
}
