import EventLoop
import HTTP
import HTTPTypes
import Testing

/// The server over real sockets, spoken to byte by byte.
@Suite(.timeLimit(.minutes(5))) struct ServerSocketTests {
    @Test("a thousand requests in one buffer are answered in order, without recursion and whole", arguments: ["/now", "/later"])
    func pipelining(path: String) async throws {
        try await TestServer.run { test in
            let client = try await RawClient.connect(to: try await test.listenClear(), on: test.loops[0])
            client.send((0..<1000).map { get("\(path)?\($0)") }.joined() + "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let text = await client.receivedUntilEnd()
            let answers = text.split(separator: "GET ").dropFirst().map { $0.prefix { $0 != " " } }
            #expect(answers.map(String.init) == (0..<1000).map { "\(path)?\($0)" } + ["/last"])
        }
    }

    @Test("a refused request is answered by the handler and the connection ends, although the client goes on sending")
    func refusal() async throws {
        var settings = HTTPServerSettings()
        settings.timeouts.linger = .seconds(600)
        try await TestServer.run(settings: settings) { test in
            let client = try await RawClient.connect(to: try await test.listenClear(), on: test.loops[0])
            let head = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n".utf8)
            client.send(head + [UInt8](repeating: 0x61, count: 4_000_000))
            let text = await client.receivedUntilEnd()
            #expect(text.hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
            #expect(text.hasSuffix("\r\n\r\nrefused: request body too large"))
            // A server that closed with input unread would have reset the connection, and maybe lost the answer with it.
            #expect(await client.isAllTaken)
            client.close()
        }
    }

    @Test("a client that expects 100-continue gets it before it sends its body")
    func continues() async throws {
        try await TestServer.run { test in
            let client = try await RawClient.connect(to: try await test.listenClear(), on: test.loops[0])
            client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
            #expect(await client.received { $0.hasSuffix("\r\n\r\n") } == "HTTP/1.1 100 Continue\r\n\r\n")
            client.send("hi")
            #expect(await client.receivedUntilEnd().hasSuffix("POST /x clear hi"))
        }
    }

    @Test("HEAD over a kept connection leaves no content in front of the next answer")
    func head() async throws {
        try await TestServer.run { test in
            let client = try await RawClient.connect(to: try await test.listenClear(), on: test.loops[0])
            client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n")
            let first = await client.received { $0.hasSuffix("\r\n\r\n") }
            #expect(first.contains("\r\nContent-Length: \("HEAD /h clear ".utf8.count)\r\n"))
            client.send("GET /g HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let rest = await client.receivedUntilEnd().dropFirst(first.count)
            #expect(rest.hasPrefix("HTTP/1.1 200 OK\r\nDate: "))
            #expect(rest.hasSuffix("GET /g clear "))
        }
    }

    @Test("a client that half-closes after its request gets its answer, also a late one")
    func halfClose() async throws {
        try await TestServer.run { test in
            let client = try await RawClient.connect(to: try await test.listenClear(), on: test.loops[0])
            client.send(get("/gate"))
            client.finishSending()
            await test.gate.isReached()
            await test.gate.open()
            #expect(await client.receivedUntilEnd().hasSuffix("GET /gate clear "))
        }
    }

    @Test("a connection above the bound is closed as it arrives, and its place is free again later")
    func connectionBound() async throws {
        var settings = HTTPServerSettings()
        settings.connectionsMax = 1
        try await TestServer.run(settings: settings) { test in
            let path = "/tmp/credence-http-\(test.loops[0].name)-\(MonotonicInstant.now().nanoseconds).sock"
            let address = try await test.server.listen(.unix(path: path, mode: 0o600))
            let first = try await RawClient.connect(to: address, on: test.loops[1])
            first.send(get("/1"))
            _ = await first.received { $0.hasSuffix("GET /1 unix true ") }
            let second = try await RawClient.connect(to: address, on: test.loops[1])
            #expect(await second.receivedUntilEnd() == "")
            #expect(await test.server.connectionCount == 1)
            first.send("GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            _ = await first.receivedUntilEnd()
            first.close()
            while await test.server.connectionCount > 0 { await Task.yield() }
            let third = try await RawClient.connect(to: address, on: test.loops[1])
            third.send("GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(await third.receivedUntilEnd().hasSuffix("GET /3 unix true "))
        }
    }

    @Test("stopping answers the request in hand, closes idle connections and stops listening")
    func gracefulStop() async throws {
        try await TestServer.run { test in
            let address = try await test.listenClear()
            let idle = try await RawClient.connect(to: address, on: test.loops[0])
            idle.send(get("/first"))
            let first = await idle.received { $0.hasSuffix("GET /first clear ") }
            let busy = try await RawClient.connect(to: address, on: test.loops[0])
            busy.send(get("/gate"))
            await test.gate.isReached()
            async let stopped: Void = test.server.stop(grace: .seconds(600))
            #expect(await idle.receivedUntilEnd() == first)
            await test.gate.open()
            let answer = await busy.receivedUntilEnd()
            #expect(answer.contains("\r\nConnection: close\r\n"))
            #expect(answer.hasSuffix("GET /gate clear "))
            busy.close()
            await stopped
            #expect(await test.server.connectionCount == 0)
            await #expect(throws: EventLoopError.self) { try await RawClient.connect(to: address, on: test.loops[0]) }
        }
    }

    @Test("a request that outlasts the grace is cancelled and its connection closed")
    func impatientStop() async throws {
        try await TestServer.run { test in
            let client = try await RawClient.connect(to: try await test.listenClear(), on: test.loops[0])
            client.send(get("/gate"))
            await test.gate.isReached()
            await test.server.stop(grace: .zero)
            #expect(await client.receivedUntilEnd() == "")
            await test.gate.open()
            while await test.gate.cancelled == 0 { await Task.yield() }
        }
    }

    @Test("a long answer reaches a client that reads it late, and the next request is answered after it")
    func longAnswer() async throws {
        try await TestServer.run { test in
            let client = try await RawClient.connect(to: try await test.listenClear(), on: test.loops[0])
            let size = 3 * ByteStream.defaultWriteQueueBytesMax
            client.send(get("/large?\(size)") + "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let text = await client.receivedUntilEnd()
            #expect(text.utf8.count > size)
            #expect(text.hasSuffix("GET /next clear "))
        }
    }

    @Test("a port that somebody serves is not shared with them", arguments: [1, 2])
    func takenPort(loops: Int) async throws {
        try await TestServer.run { test in
            let address = try await test.listenClear()
            let other = HTTPServer(loops: Array(test.loops.prefix(loops))) { EchoHandler(loop: $0, gate: test.gate) }
            await #expect(throws: EventLoopError.addressInUse(address.description)) { try await other.listen(.clear(address)) }
        }
    }

    @Test("a request that stays half sent is answered 408 and its connection ends")
    func slowBody() async throws {
        var settings = HTTPServerSettings()
        settings.timeouts.body = .zero
        try await TestServer.run(settings: settings) { test in
            let client = try await RawClient.connect(to: try await test.listenClear(), on: test.loops[0])
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx")
            let text = await client.receivedUntilEnd()
            #expect(text.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
            #expect(text.contains("\r\nConnection: close\r\n"))
        }
    }
}
