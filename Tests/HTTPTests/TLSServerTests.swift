import Crypto
import EventLoop
import HTTP
import HTTPTypes
import Synchronization
import TLS
import Testing

/// Our client and our server together, over TLS and the local socket.
@Suite(.timeLimit(.minutes(5))) struct TLSServerTests {
    private func text(_ response: ClientResponse) -> String { String(decoding: response.body, as: UTF8.self) }

    @Test("requests over TLS reach the handler with their body and the client's certificate")
    func overTLS() async throws {
        try await TestServer.run { test in
            let address = try await test.listenTLS()
            let anonymous = try test.endpoint(address)
            let plain = try await test.client.send(
                ClientRequest(method: .get, target: "/x?y=1"), to: anonymous, timeout: .seconds(30))
            #expect(plain.status == .ok)
            #expect(text(plain) == "GET /x?y=1 tls - ")
            #expect(plain.fields[.contentType] == "text/plain")
            #expect(plain.peerCertificates.first?.fingerprint == test.identity.chain[0].fingerprint)

            let known = try test.endpoint(address, clientIdentity: TestServer.makeIdentity("alice"))
            let bytes = try await test.client.send(
                ClientRequest(method: .post, target: "/b", body: .bytes(Array("hello".utf8))), to: known, timeout: .seconds(30))
            #expect(text(bytes) == "POST /b tls alice hello")
            let chunks = try await test.client.send(
                ClientRequest(method: .put, target: "/c", body: .chunks([Array("he".utf8), [], Array("llo".utf8)])), to: known,
                timeout: .seconds(30))
            #expect(text(chunks) == "PUT /c tls alice hello")
        }
    }

    @Test("a late answer, a long body and HEAD work over TLS")
    func shapes() async throws {
        try await TestServer.run { test in
            let endpoint = try test.endpoint(try await test.listenTLS())
            let late = try await test.client.send(ClientRequest(method: .get, target: "/later"), to: endpoint, timeout: .seconds(30))
            #expect(text(late) == "GET /later tls - ")
            let body = [UInt8](repeating: 0x62, count: 1024 * 1024)
            let long = try await test.client.send(
                ClientRequest(method: .post, target: "/large?5000000", body: .bytes(body)), to: endpoint, timeout: .seconds(30))
            #expect(long.body.count == "POST /large?5000000 tls - ".utf8.count + body.count + 5_000_000)
            let head = try await test.client.send(ClientRequest(method: .head, target: "/h"), to: endpoint, timeout: .seconds(30))
            #expect(head.status == .ok)
            #expect(head.body.isEmpty)
            #expect(head.fields[.contentLength] == "14")
        }
    }

    @Test("the local socket tells who calls, and needs no TLS")
    func overUnixSocket() async throws {
        try await TestServer.run { test in
            let path = "/tmp/credence-http-\(MonotonicInstant.now().nanoseconds).sock"
            _ = try await test.server.listen(.unix(path: path, mode: 0o600))
            let response = try await test.client.send(
                ClientRequest(method: .post, target: "/u", body: .bytes(Array("x".utf8))), to: .unix(path: path), timeout: .seconds(30))
            #expect(text(response) == "POST /u unix true x")
        }
    }

    @Test("a client that gives up its handshake, or never speaks TLS, leaves nothing behind")
    func abortedHandshakes() async throws {
        try await TestServer.run { test in
            let address = try await test.listenTLS()
            for bytes in [[], [0x16, 3, 1], Array("GET / HTTP/1.1\r\n\r\n".utf8), [UInt8](repeating: 0xFF, count: 1000)] {
                let client = try await RawClient.connect(to: address, on: test.loops[0])
                client.send(bytes)
                client.close()
            }
            // A client that does not trust the certificate ends the handshake with an alert.
            let stranger = try test.endpoint(address, pinning: TestServer.makeIdentity("stranger"))
            await #expect(throws: HTTPClientError.tls(.peerNotTrusted)) {
                try await test.client.send(ClientRequest(method: .get, target: "/"), to: stranger, timeout: .seconds(30))
            }
            let response = try await test.client.send(
                ClientRequest(method: .get, target: "/"), to: try test.endpoint(address), timeout: .seconds(30))
            #expect(response.status == .ok)
            while await test.server.connectionCount > 0 { await Task.yield() }
        }
    }

    @Test("a handshake that is never finished is ended")
    func slowHandshake() async throws {
        var settings = HTTPServerSettings()
        settings.timeouts.handshake = .zero
        try await TestServer.run(settings: settings) { test in
            let client = try await RawClient.connect(to: try await test.listenTLS(), on: test.loops[0])
            #expect(await client.receivedUntilEnd() == "")
        }
    }

    @Test("a replaced identity is shown to the next connection")
    func renewal() async throws {
        try await TestServer.run { test in
            let address = try await test.listenTLS()
            let renewed = try TestServer.makeIdentity("renewed")
            await test.server.replaceTLSContext(try .server(identity: renewed, peerIdentity: nil, alpn: ["http/1.1"]))
            let response = try await test.client.send(
                ClientRequest(method: .get, target: "/"), to: try test.endpoint(address, pinning: renewed), timeout: .seconds(30))
            #expect(response.status == .ok)
        }
    }

    @Test("a connection that speaks the peers' protocol goes, unread, to another loop")
    func peerHandOver() async throws {
        let peerLoop = try EventLoop(name: "peers")
        defer { peerLoop.shutdown() }
        let echo: @Sendable (DetachedTLSStream) -> Void = { detached in
            peerLoop.execute {
                guard let stream = try? TLSStream.adopt(detached, on: peerLoop) else { return }
                stream.onBytes = { [unowned stream] input in stream.write(input) }
                stream.resumeReading()
            }
        }
        try await TestServer.run(onPeer: echo) { test in
            let address = try await test.listenTLS()
            #expect(await peerExchange("ping", with: address, on: peerLoop) == "ping")
            while await test.server.connectionCount > 0 { await Task.yield() }
        }
    }

    @Test("a peer connection that nobody takes is closed")
    func peerWithoutTaker() async throws {
        try await TestServer.run { test in
            let address = try await test.listenTLS()
            #expect(await peerExchange("ping", with: address, on: test.loops[0]) == nil)
        }
    }

    /// Sends `text` over the peers' protocol and returns as many bytes of what comes back, or nil if the connection ends.
    private func peerExchange(_ text: String, with address: SocketAddress, on loop: EventLoop) async -> String? {
        await withCheckedContinuation { continuation in
            let once = Mutex<CheckedContinuation<String?, Never>?>(continuation)
            let finish: @Sendable (String?) -> Void = { result in
                once.withLock { continuation in
                    continuation?.resume(returning: result)
                    continuation = nil
                }
            }
            _ = PeerDialler(text, address, on: loop, finish)
        }
    }
}

/// Dials with the peers' ALPN. Its stream's callbacks keep it until it has finished.
private final class PeerDialler: Sendable {
    init(_ text: String, _ address: SocketAddress, on loop: EventLoop, _ finish: @escaping @Sendable (String?) -> Void) {
        loop.execute {
            ByteStream.connect(to: address, on: loop, timeout: .seconds(10)) { result in
                guard let raw = try? result.get(),
                    let context = try? TLSContext.client(
                        identity: nil, alpn: [TestServer.peerProtocol], verification: .custom { _ in true }),
                    let stream = try? TLSStream(over: raw, context: context)
                else { return finish(nil) }
                var received: [UInt8] = []
                stream.onHandshake = { [unowned stream] _ in
                    stream.resumeReading()
                    stream.write(Array(text.utf8))
                }
                stream.onBytes = { [unowned stream] input in
                    for index in 0..<input.count { received.append(input[index]) }
                    guard received.count >= text.utf8.count else { return }
                    finish(String(decoding: received, as: UTF8.self))
                    stream.close()
                }
                stream.onClose = { _ in finish(nil) }
                stream.start()
            }
        }
    }
}
