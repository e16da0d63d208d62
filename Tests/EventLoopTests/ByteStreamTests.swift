import EventLoop
import Testing

@Suite("A byte stream", .timeLimit(.minutes(5)))
struct ByteStreamTests {
    @Test("carries bytes both ways", arguments: Family.allCases)
    func echo(family: Family) async throws {
        try await onLoop { loop in
            let pair = try await connection(family, on: loop)
            pair.server.onBytes = { [server = pair.server] in server.write($0) }
            pair.server.resumeReading()
            pair.client.write(Array("hello".utf8))
            #expect(await pair.client.read(5) == Array("hello".utf8))
            #expect(pair.client.queuedBytes == 0)
        }
    }

    @Test("delivers nothing before it is told to read, and nothing while paused", arguments: Family.allCases)
    func paused(family: Family) async throws {
        try await onLoop { loop in
            let pair = try await connection(family, on: loop)
            let collected = Collector()
            pair.server.onBytes = { collected.append($0) }
            pair.client.write([1, 2, 3])
            await exchangeOnAnotherConnection(on: loop)
            #expect(collected.bytes.isEmpty)
            #expect(await pair.server.read(3) == [1, 2, 3])
            pair.client.write([4])
            await exchangeOnAnotherConnection(on: loop)
            #expect(await pair.server.read(1) == [4])
        }
    }

    @Test("loses and reorders nothing when the reader is slower than the writer", arguments: Family.allCases)
    func largeTransfer(family: Family) async throws {
        try await onLoop { loop in
            let pair = try await connection(family, on: loop)
            let kernelTook = pair.client.writeUntilQueued()
            let more = pattern(3_000_001)
            pair.client.write(more)
            #expect(pair.client.queuedBytes > more.count)
            pair.client.shutdownWrite()
            let sent = kernelTook + more
            let received = await pair.server.readToEnd()
            #expect(received == sent)
        }
    }

    @Test("a reader that pauses inside onBytes gets one buffer per resume")
    func pauseInside() async throws {
        try await onLoop { loop in
            let pair = try await connection(.unix, on: loop)
            let sent = pattern(300_000)
            pair.client.write(sent)
            pair.client.shutdownWrite()
            let chunks = Events<[UInt8]>()
            let server = pair.server
            server.onBytes = { bytes in
                server.pauseReading()
                let collected = Collector()
                collected.append(bytes)
                chunks.send(collected.bytes)
            }
            server.onEnd = { chunks.send([]) }
            var received: [UInt8] = []
            while true {
                server.resumeReading()
                let chunk = await chunks.next()
                if chunk.isEmpty { break }
                #expect(chunk.count <= EventLoop.readBufferBytes)
                #expect(chunks.isEmpty)
                received += chunk
            }
            #expect(received == sent)
        }
    }

    @Test("queues up to its bound for a reader that does not read; one byte more ends it", arguments: Family.allCases)
    func writeQueueBound(family: Family) async throws {
        try await onLoop { loop in
            let bound = 100_000
            for excess in [0, 1] {
                let pair = try await connection(family, on: loop)
                pair.client.writeQueueBytesMax = bound
                _ = pair.client.writeUntilQueued()
                pair.client.write(pattern(bound - pair.client.queuedBytes))
                #expect(pair.client.queuedBytes == bound)
                #expect(pair.client.isOpen)
                if excess == 0 {
                    pair.client.shutdownWrite()
                    _ = await pair.server.readToEnd()
                } else {
                    let closed = pair.client.closeReason()
                    pair.client.write([0])
                    #expect(!pair.client.isOpen)
                    let reason = await closed.next()
                    guard case .writeQueueFull(_, bound)? = reason else {
                        Issue.record("closed because of \(String(describing: reason))")
                        continue
                    }
                }
            }
        }
    }

    @Test("tells when the queue has drained, and only when there was one")
    func drain() async throws {
        try await onLoop { loop in
            let pair = try await connection(.tcp, on: loop)
            let drained = Events<Int>()
            let client = pair.client
            client.onDrain = { drained.send(client.queuedBytes) }
            client.write([1])
            #expect(client.queuedBytes == 0)
            let large = client.writeUntilQueued()
            let received = await pair.server.read(1 + large.count)
            #expect(received.count == 1 + large.count)
            #expect(await drained.next() == 0)
            #expect(drained.isEmpty)
        }
    }

    @Test("a half-closed stream still receives", arguments: Family.allCases)
    func halfClose(family: Family) async throws {
        try await onLoop { loop in
            let pair = try await connection(family, on: loop)
            pair.client.write(Array("question".utf8))
            pair.client.shutdownWrite()
            pair.client.write(Array("ignored".utf8))
            #expect(await pair.server.readToEnd() == Array("question".utf8))
            #expect(pair.server.isOpen)
            pair.server.write(Array("answer".utf8))
            pair.server.closeAfterFlush()
            #expect(await pair.client.readToEnd() == Array("answer".utf8))
        }
    }

    @Test("closes itself at the peer's end of stream when nobody handles it")
    func endWithoutHandler() async throws {
        try await onLoop { loop in
            let pair = try await connection(.tcp, on: loop)
            let closed = pair.server.closeReason()
            pair.server.resumeReading()
            pair.client.close()
            #expect(await closed.next() == nil)
        }
    }

    @Test("sends everything queued before closing after a flush", arguments: Family.allCases)
    func closeAfterFlush(family: Family) async throws {
        try await onLoop { loop in
            let pair = try await connection(family, on: loop)
            let sent = pair.client.writeUntilQueued()
            #expect(pair.client.queuedBytes > 0)
            pair.client.closeAfterFlush()
            pair.client.write([0])
            #expect(await pair.server.readToEnd() == sent)
        }
    }

    @Test("names the peer when it resets the connection")
    func reset() async throws {
        try await onLoop { loop in
            let pair = try await connection(.tcp, on: loop)
            let peer = try #require(pair.server.peerAddress)
            let closed = pair.server.closeReason()
            pair.server.write([1])
            await exchangeOnAnotherConnection(on: loop)
            // Closing with unread input makes TCP reset the connection (RFC 2525 §2.17).
            pair.client.close()
            pair.server.resumeReading()
            #expect(await closed.next() == .connectionReset(peer.description))
        }
    }

    /// Proves that the kernel and the loop have had time for what was sent before, without a clock.
    private func exchangeOnAnotherConnection(on loop: EventLoop) async {
        guard let pair = try? await connection(.tcp, on: loop) else { return }
        pair.client.write([9])
        #expect(await pair.server.read(1) == [9])
        pair.client.close()
        pair.server.close()
    }
}
