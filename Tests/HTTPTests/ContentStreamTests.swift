import EventLoop
import HTTP
import HTTPTypes
import Synchronization
import Testing

/// Answers whose content is too long to be held.
@Suite("Content in pieces", .timeLimit(.minutes(5)))
struct ContentStreamTests {
    /// `/N` has N pieces of 100,000 bytes; `/short` announces more than it has, `/long` less.
    private struct Pieces: RequestHandler {
        static let pieceBytes = 100_000
        let asked: Asked

        final class Asked: Sendable {
            private let count = Mutex(0)
            var value: Int { count.withLock { $0 } }

            func next(of total: Int) -> [UInt8]? {
                count.withLock { count in
                    guard count < total else { return nil }
                    count += 1
                    return [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: Pieces.pieceBytes)
                }
            }
        }

        func handle(_ request: IncomingRequest) -> Reply {
            let path = request.head.path
            if path == "/refused" { return .now(OutgoingResponse(status: .conflict, contentType: "text/plain", text: "no")) }
            let count = Int(path.dropFirst()) ?? 3
            let has = count * Self.pieceBytes
            let announced = path == "/short" ? has + 1 : path == "/long" ? has - 1 : has
            var response = OutgoingResponse(status: .ok)
            response.content = ContentStream(byteCount: UInt64(announced)) { [asked] in
                await Task.yield()
                return asked.next(of: count)
            }
            return .later { [response] in response }
        }

        func refusal(_ error: HTTPParseError) -> OutgoingResponse { OutgoingResponse(status: error.status) }
    }

    private func withServer(_ body: (HTTPClient, HTTPEndpoint, SocketAddress, EventLoop, Pieces.Asked) async throws -> Void) async throws {
        let loops = [try EventLoop(name: "pieces"), try EventLoop(name: "client")]
        defer { for loop in loops { loop.shutdown() } }
        let asked = Pieces.Asked()
        let server = HTTPServer(loops: [loops[0]], settings: HTTPServerSettings(), onPeer: nil) { _ in Pieces(asked: asked) }
        let address = try await server.listen(.clear(.loopback(port: 0)))
        let result: Result<Void, any Error>
        do {
            let endpoint = HTTPEndpoint.clear(host: "127.0.0.1", port: address.port ?? 0)
            result = .success(try await body(HTTPClient(loop: loops[1]), endpoint, address, loops[1], asked))
        } catch {
            result = .failure(error)
        }
        await server.stop(grace: .zero)
        try result.get()
    }

    /// What came, and how it ended.
    private func download(
        _ path: String, _ client: HTTPClient, _ endpoint: HTTPEndpoint, stopAfter limit: Int = .max
    ) async -> (bytes: [UInt8], end: Result<ClientResponse, HTTPClientError>) {
        let received = Received()
        let end: Result<ClientResponse, HTTPClientError>
        do throws(HTTPClientError) {
            end = .success(
                try await client.download(ClientRequest(method: .get, target: path), from: endpoint, silenceMax: .seconds(20)) {
                    received.add($0) < limit
                })
        } catch {
            end = .failure(error)
        }
        return (received.bytes, end)
    }

    private final class Received: Sendable {
        private let content = Mutex<[UInt8]>([])
        var bytes: [UInt8] { content.withLock { $0 } }

        func add(_ more: [UInt8]) -> Int {
            content.withLock { content in
                content += more
                return content.count
            }
        }
    }

    @Test("a client gets every byte in order, and none of it is held twice", arguments: [1, 2, 40])
    func whole(count: Int) async throws {
        try await withServer { client, endpoint, _, _, _ in
            let (bytes, end) = await download("/\(count)", client, endpoint)
            let response = try end.get()
            #expect(response.status == .ok && response.body.isEmpty)
            #expect(response.fields[.contentLength] == String(count * Pieces.pieceBytes))
            #expect(bytes.count == count * Pieces.pieceBytes)
            for number in 0..<count { #expect(bytes[number * Pieces.pieceBytes] == UInt8(truncatingIfNeeded: number + 1)) }
        }
    }

    @Test("content that ends early, or is longer than announced, never looks whole", arguments: ["/short", "/long"])
    func cutShort(path: String) async throws {
        try await withServer { client, endpoint, _, _, _ in
            let (_, end) = await download(path, client, endpoint)
            #expect(throws: HTTPClientError.connectionLost) { try end.get() }
        }
    }

    @Test("an answer that is no success is kept for whoever asks what was wrong")
    func refused() async throws {
        try await withServer { client, endpoint, _, _, _ in
            let (bytes, end) = await download("/refused", client, endpoint)
            #expect(bytes.isEmpty)
            let response = try end.get()
            #expect(response.body == Array("no".utf8) && response.status == .conflict)
        }
    }

    @Test("a receiver that wants no more ends it")
    func receiverStops() async throws {
        try await withServer { client, endpoint, _, _, _ in
            let (bytes, end) = await download("/40", client, endpoint, stopAfter: 1)
            #expect(throws: HTTPClientError.connectionLost) { try end.get() }
            #expect(bytes.count < 40 * Pieces.pieceBytes)
        }
    }

    @Test("HEAD announces the length, and the next request on the connection is answered")
    func head() async throws {
        try await withServer { _, _, address, loop, asked in
            let client = try await RawClient.connect(to: address, on: loop)
            client.send("HEAD /3 HTTP/1.1\r\nHost: x\r\n\r\nGET /1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let text = await client.receivedUntilEnd()
            #expect(text.contains("Content-Length: 300000\r\n") && text.contains("Content-Length: 100000\r\n"))
            #expect(text.utf8.count > 100_000 && text.utf8.count < 102_000)
            #expect(asked.value == 1, "HEAD reads nothing")
        }
    }

    @Test("requests that are sent behind one with long content are answered after it, in order")
    func pipelined() async throws {
        try await withServer { _, _, address, loop, _ in
            let client = try await RawClient.connect(to: address, on: loop)
            client.send("GET /3 HTTP/1.1\r\nHost: x\r\n\r\nGET /refused HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let text = await client.receivedUntilEnd()
            #expect(text.hasPrefix("HTTP/1.1 200") && text.hasSuffix("no"))
            #expect(text.utf8.count > 300_000)
        }
    }
}
