import EventLoop
import HTTP
import HTTPTypes
import Synchronization
import Testing

/// Answers without end: events and WebSockets.
@Suite("Answers without end", .timeLimit(.minutes(5)))
struct StreamTests {
    /// Hands out what the test puts in, and tells when the server lets go of it.
    private final class Source: Sendable {
        private struct State {
            var waiting: [String] = []
            var isEnded = false
            var waiter: CheckedContinuation<Void, Never>?
            var cancelled = 0
            var watchers: [CheckedContinuation<Void, Never>] = []
        }

        private let state = Mutex(State())

        var waitingCount: Int { state.withLock { $0.waiting.count } }

        /// Returns once no more than so many pieces wait.
        func isAskedFor(_ count: Int) async {
            while waitingCount > count { await Task.yield() }
        }

        /// Returns once somebody waits for the next piece.
        func isAwaited() async {
            while state.withLock({ $0.waiter == nil }) { await Task.yield() }
        }

        func put(_ text: String) { wake { $0.waiting.append(text) } }
        func end() { wake { $0.isEnded = true } }

        private func wake(_ change: (inout State) -> Void) {
            let waiter = state.withLock { state in
                change(&state)
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }

        func next() async -> String? {
            while !Task.isCancelled {
                let (text, isEnded) = state.withLock { ($0.waiting.isEmpty ? nil : $0.waiting.removeFirst(), $0.isEnded) }
                if text != nil || isEnded { return text }
                await withTaskCancellationHandler {
                    await withCheckedContinuation { continuation in
                        let isReady = state.withLock { state in
                            guard state.waiting.isEmpty, !state.isEnded, !Task.isCancelled else { return true }
                            state.waiter = continuation
                            return false
                        }
                        if isReady { continuation.resume() }
                    }
                } onCancel: {
                    wake { _ in }
                }
            }
            let watchers = state.withLock { state in
                state.cancelled += 1
                defer { state.watchers = [] }
                return state.watchers
            }
            for watcher in watchers { watcher.resume() }
            return nil
        }

        /// Returns once the server has given up asking.
        func isLetGo() async {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.cancelled == 0 { state.watchers.append(continuation) }
                    return state.cancelled > 0
                }
                if isOver { continuation.resume() }
            }
        }
    }

    private struct Handler: RequestHandler {
        let source: Source

        func handle(_ request: IncomingRequest) -> Reply {
            let source = source
            if WebSocketHandshake.isMeant(by: request.head) {
                guard let accept = try? WebSocketHandshake.accept(request.head) else { return .now(OutgoingResponse(status: .badRequest)) }
                var response = OutgoingResponse(status: .switchingProtocols)
                response.webSocket = WebSocketStream(accept: accept) { await source.next().map { .text(Array($0.utf8)) } ?? .close(.normal) }
                return .now(response)
            }
            var response = OutgoingResponse(status: .ok)
            response.content = ContentStream(endless: { await source.next().map { Array($0.utf8) } })
            switch request.head.path {
            case "/later": return .later { [response] in response }
            case "/gated":
                return .later { [response] in
                    _ = await source.next()
                    return response
                }
            default: return .now(response)
            }
        }

        func refusal(_ error: HTTPParseError) -> OutgoingResponse { OutgoingResponse(status: error.status) }
    }

    private func withServer(
        _ settings: HTTPServerSettings = HTTPServerSettings(), _ body: (HTTPServer, RawClient, Source) async throws -> Void
    ) async throws {
        let loops = [try EventLoop(name: "streams"), try EventLoop(name: "client")]
        defer { for loop in loops { loop.shutdown() } }
        let source = Source()
        let server = HTTPServer(loops: [loops[0]], settings: settings, onPeer: nil) { _ in Handler(source: source) }
        let address = try await server.listen(.clear(.loopback(port: 0)))
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(server, try await RawClient.connect(to: address, on: loops[1]), source))
        } catch {
            result = .failure(error)
        }
        await server.stop(grace: .zero)
        try result.get()
    }

    private static let upgrade =
        "GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

    /// A masked frame; the mask is zero, so the payload is as it is.
    private static func frame(_ first: UInt8, _ payload: [UInt8] = []) -> [UInt8] { [first, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload }

    @Test("pieces leave at once, and the connection ends with the last", arguments: ["/", "/later"])
    func pieces(path: String) async throws {
        try await withServer { _, client, source in
            client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
            source.put("one")
            let head = await client.received { $0.hasSuffix("one") }
            #expect(head.contains("Connection: close\r\n") && !head.contains("Content-Length") && !head.contains("Transfer-Encoding"))
            source.put("two")
            _ = await client.received { $0.hasSuffix("two") }
            source.end()
            #expect(await client.receivedUntilEnd().hasSuffix("\r\n\r\nonetwo"))
        }
    }

    @Test("HEAD has the head and no stream")
    func head() async throws {
        try await withServer { _, client, _ in
            client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await client.receivedUntilEnd().hasSuffix("Connection: close\r\n\r\n"))
        }
    }

    @Test("a client that ends its side, or goes, is let go of at once", arguments: [true, false])
    func clientGoes(halfCloses: Bool) async throws {
        try await withServer { server, client, source in
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            source.put("one")
            _ = await client.received { $0.hasSuffix("one") }
            if halfCloses { client.finishSending() } else { client.close() }
            await source.isLetGo()
        }
    }

    @Test("a stop ends streams at once", arguments: ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", upgrade])
    func stop(request: String) async throws {
        try await withServer { server, client, source in
            client.send(request)
            source.put("one")
            _ = await client.received { $0.hasSuffix("one") }
            let start = MonotonicInstant.now()
            await server.stop(grace: .seconds(30))
            // Far from the grace, on a busy machine too.
            #expect(MonotonicInstant.now() - start < .seconds(15))
            await source.isLetGo()
            // The close frame says that the server goes.
            let text = await client.receivedUntilEnd()
            #expect(request == Self.upgrade ? text.contains("\u{2}\u{3}") : text.hasSuffix("one"))
        }
    }

    @Test("a client that does not read what it is told holds no stop up", arguments: ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", upgrade])
    func stopUnread(request: String) async throws {
        try await withServer { server, client, source in
            client.send(request)
            source.put("one")
            _ = await client.received { $0.hasSuffix("one") }
            client.stopReading()
            // More than the kernel takes on both sides of a loopback connection; the piece behind it is not asked for.
            source.put(String(repeating: "x", count: 16 << 20))
            source.put("two")
            await source.isAskedFor(1)
            let start = MonotonicInstant.now()
            await server.stop(grace: .seconds(30))
            #expect(MonotonicInstant.now() - start < .seconds(15))
            #expect(source.waitingCount == 1)
        }
    }

    @Test("an answer that begins only after the stop did is ended at once, and waits for nothing")
    func stopBeforeBegin() async throws {
        try await withServer { server, client, source in
            let loop = try EventLoop(name: "idle client")
            defer { loop.shutdown() }
            let idle = try await RawClient.connect(to: try await server.listen(.clear(.loopback(port: 0))), on: loop)
            client.send("GET /gated HTTP/1.1\r\nHost: x\r\n\r\n")
            await source.isAwaited()
            let start = MonotonicInstant.now()
            async let stopped: Void = server.stop(grace: .seconds(30))
            // It is closed when the stop begins.
            _ = await idle.receivedUntilEnd()
            source.put("go on")
            await stopped
            #expect(MonotonicInstant.now() - start < .seconds(15))
        }
    }

    @Test("the handshake is answered as RFC 6455 §1.3 has it, and texts arrive as frames")
    func socket() async throws {
        try await withServer { _, client, source in
            client.send(Self.upgrade)
            source.put("hello")
            let text = await client.received { $0.hasSuffix("hello") }
            #expect(text.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            #expect(text.contains("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            #expect(!text.contains("Content-Length") && !text.contains("close"))
        }
    }

    @Test("a ping is answered, sent with the request or later, and a close by a close that ends the connection")
    func controls() async throws {
        try await withServer { _, client, source in
            client.send(Array(Self.upgrade.utf8) + Self.frame(0x89, Array("first".utf8)))
            _ = await client.received { $0.hasSuffix("first") }
            client.send(Self.frame(0x81, Array("ignored".utf8)) + Self.frame(0x89, Array("second".utf8)))
            _ = await client.received { $0.hasSuffix("second") }
            client.send(Self.frame(0x88, [0x03, 0xE8]))
            let text = await client.receivedUntilEnd()
            #expect(!text.contains("ignored"))
            // 03 E8, of which the last byte is no UTF-8.
            #expect(text.hasSuffix("\u{2}\u{3}\u{FFFD}"))
            await source.isLetGo()
        }
    }

    @Test(
        "a client that breaks the protocol is told so and cut off",
        arguments: [[0x81, 0x01, 0x41], [0x09, 0x80, 0, 0, 0, 0], [0x89, 0xFE, 0, 126, 0, 0, 0, 0], [0xC1, 0x80, 0, 0, 0, 0]] as [[UInt8]])
    func violations(bytes: [UInt8]) async throws {
        try await withServer { _, client, _ in
            client.send(Array(Self.upgrade.utf8) + bytes + Self.frame(0x89, Array("unheard".utf8)))
            let text = await client.receivedUntilEnd()
            #expect(text.contains("\u{2}\u{3}") && !text.contains("unheard"))
        }
    }

    @Test("a client that sends pings and never reads makes the server hold a bounded number of answers")
    func pings() async throws {
        try await withServer { _, client, source in
            client.send(Self.upgrade)
            source.put("ready")
            _ = await client.received { $0.hasSuffix("ready") }
            for _ in 0..<2_000 { client.send(Self.frame(0x89, [UInt8](repeating: 0x61, count: 125))) }
            client.send(Self.frame(0x88))
            _ = await client.receivedUntilEnd()
            await source.isLetGo()
        }
    }

    @Test(
        "what is no good handshake is refused",
        arguments: [
            ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", WebSocketHandshake.Failure.version),
            ("Sec-WebSocket-Version: 13\r\n", "", .version), ("keep-alive, Upgrade", "keep-alive", .connection),
            ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ", .key), ("dGhlIHNhbXBsZSBub25jZQ==", "", .key),
            ("Sec-WebSocket-Key:", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key:", .key),
            ("GET", "POST", .method), ("HTTP/1.1", "HTTP/1.0", .httpVersion), ("Host: x", "Host: x\r\nContent-Length: 3", .body),
            ("Host: x", "Host: x\r\nOrigin: https://evil.example", .origin), ("Host: x", "Host: x\r\nOrigin: null", .origin),
            ("Host: x", "Host: x\r\nOrigin: https://x.evil.example", .origin),
            ("Host: x", "Host: x\r\nOrigin: https://x\r\nOrigin: https://evil.example", .origin),
        ])
    func refused(part: String, other: String, failure: WebSocketHandshake.Failure) throws {
        let head = try head(Self.upgrade.replacing(part, with: other, maxReplacements: 1))
        #expect(throws: failure) { try WebSocketHandshake.accept(head) }
    }

    @Test("a page of the member's own may open one")
    func ownOrigin() throws {
        let head = try head(Self.upgrade.replacing("Host: x", with: "Host: x:8443\r\nOrigin: https://X:8443"))
        #expect(try WebSocketHandshake.accept(head) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    private func head(_ text: String) throws -> HTTPHead {
        var parser = RequestParser()
        var offset = 0
        let bytes = Array(text.utf8)
        let progress = parser.advance(bytes.span, from: &offset)
        try #require(progress == .head, "\(progress) \(text)")
        return parser.head
    }
}
