import EventLoop
import HTTP
import HTTPTypes
import Synchronization
import Testing

/// The client against servers that misbehave.
@Suite(.timeLimit(.minutes(5))) struct HTTPClientTests {
    /// A server on one loop that answers each connection with `answer` as soon as it has spoken, and then ends it if asked to.
    private func withServer(
        _ answer: String, ends: Bool = false, _ body: (HTTPClient, HTTPEndpoint) async throws -> Void
    ) async throws {
        let loop = try EventLoop(name: "bad-server")
        defer { loop.shutdown() }
        let address: Result<SocketAddress, EventLoopError> = await withCheckedContinuation { continuation in
            loop.execute {
                continuation.resume(returning: Result { () throws(EventLoopError) in
                    try StreamListener.listen(on: .loopback(port: 0), loop: loop) { stream in
                        stream.onBytes = { [unowned stream] _ in
                            stream.write(Array(answer.utf8))
                            if ends { stream.shutdownWrite() }
                        }
                        stream.resumeReading()
                    }.localAddress
                })
            }
        }
        try await body(HTTPClient(loop: loop, bodyBytesMax: 10), .clear(host: "127.0.0.1", port: try address.get().port ?? 0))
    }

    private let request = ClientRequest(method: .get, target: "/")

    @Test("a response that ends early is no response")
    func truncated() async throws {
        for answer in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"] {
            try await withServer(answer, ends: true) { client, endpoint in
                await #expect(throws: HTTPClientError.connectionLost) { try await client.send(request, to: endpoint, timeout: .seconds(30)) }
            }
        }
    }

    @Test("a malformed or too long response is refused", arguments: [
        ("HTTP/1.1 200 OK\n\n", HTTPParseError.bareLineFeed), ("SSH-2.0-x\r\n", .malformedStatusLine),
        ("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", .bodyTooLarge),
    ])
    func malformed(answer: String, error: HTTPParseError) async throws {
        try await withServer(answer) { client, endpoint in
            await #expect(throws: HTTPClientError.malformedResponse(error)) { try await client.send(request, to: endpoint, timeout: .seconds(30)) }
        }
    }

    @Test("a server that never finishes answering is given up")
    func timeout() async throws {
        try await withServer("HTTP/1.1 200 OK\r\n") { client, endpoint in
            await #expect(throws: HTTPClientError.timedOut) { try await client.send(request, to: endpoint, timeout: .milliseconds(50)) }
        }
    }

    @Test("a cancelled request ends")
    func cancellation() async throws {
        try await withServer("HTTP/1.1 200 OK\r\n") { client, endpoint in
            let request = request
            let task = Task { try await client.send(request, to: endpoint, timeout: .seconds(600)) }
            task.cancel()
            await #expect(throws: HTTPClientError.connectionLost) { try await task.value }
        }
    }

    @Test("a server that is not there, or a name that is not one, is unreachable")
    func unreachable() async throws {
        let loop = try EventLoop(name: "client")
        defer { loop.shutdown() }
        let client = HTTPClient(loop: loop)
        for endpoint in [HTTPEndpoint.unix(path: "/nonexistent/credence.sock"), .clear(host: "name.invalid", port: 1)] {
            do throws(HTTPClientError) {
                _ = try await client.send(request, to: endpoint, timeout: .seconds(30))
                Issue.record("answered")
            } catch {
                guard case .unreachable = error else {
                    Issue.record("\(error)")
                    return
                }
            }
        }
    }

    @Test("a request that would be read as two is not sent", arguments: ["", "x", "/a b", "/a\r\nX: y", "/\u{0}", "*", "http://a/"])
    func injection(target: String) async throws {
        let loop = try EventLoop(name: "client")
        defer { loop.shutdown() }
        await #expect(throws: HTTPClientError.invalidRequest) {
            try await HTTPClient(loop: loop).send(ClientRequest(method: .get, target: target), to: .unix(path: "/x"), timeout: .seconds(1))
        }
        await #expect(throws: HTTPClientError.invalidRequest) {
            try await HTTPClient(loop: loop).send(request, to: .clear(host: "a\r\nX: y", port: 1), timeout: .seconds(1))
        }
    }
}
