import Crypto
import EventLoop
import HTTP
import HTTPTypes
import TLS

/// Answers with what it saw. `/later` answers after a hop, `/gate` when the gate opens.
struct EchoHandler: RequestHandler {
    let loop: EventLoop
    let gate: Gate

    func handle(_ request: IncomingRequest) -> Reply {
        loop.preconditionOnLoop()
        let path = request.head.path
        let response = answer(to: request)
        switch path {
        case "/later":
            return .later {
                await Task.yield()
                return response
            }
        case "/gate":
            return .later {
                await gate.pass()
                return response
            }
        default:
            return .now(response)
        }
    }

    private func answer(to request: IncomingRequest) -> OutgoingResponse {
        let caller = switch request.connection.kind {
        case .tls(let certificate): "tls \(certificate?.subjectCommonName ?? "-")"
        case .unix(let credentials): "unix \(credentials.map { $0.processID > 0 } ?? false)"
        case .clear: "clear"
        }
        let size = request.head.path == "/large" ? request.head.query.flatMap { Int($0) } ?? 0 : 0
        let text = "\(request.method.rawValue) \(request.head.target) \(caller) " + String(decoding: request.body, as: UTF8.self)
        return OutgoingResponse(status: .ok, contentType: "text/plain", text: text + String(repeating: "x", count: size))
    }

    func refusal(_ error: HTTPParseError) -> OutgoingResponse {
        OutgoingResponse(status: error.status, contentType: "text/plain", text: "refused: \(error)")
    }
}

/// Holds requests back until it is opened, and tells when one is waiting.
actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var watchers: [CheckedContinuation<Void, Never>] = []
    private(set) var cancelled = 0

    func pass() async {
        for watcher in watchers { watcher.resume() }
        watchers = []
        arrived += 1
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
        if Task.isCancelled { cancelled += 1 }
    }

    private var arrived = 0

    /// Returns once a request waits at the gate, or has.
    func isReached() async {
        if arrived == 0 { await withCheckedContinuation { watchers.append($0) } }
    }

    func open() {
        isOpen = true
        for request in waiting { request.resume() }
        waiting = []
    }
}

/// A server on two loops, and everything needed to talk to it.
struct TestServer {
    static let peerProtocol = "credence-peer/1"
    let loops: [EventLoop]
    let server: HTTPServer
    let gate = Gate()
    let identity: TLSIdentity

    init(settings: HTTPServerSettings = HTTPServerSettings(), onPeer: (@Sendable (DetachedTLSStream) -> Void)? = nil) throws {
        loops = [try EventLoop(name: "http-1"), try EventLoop(name: "http-2")]
        identity = try Self.makeIdentity("server")
        let gate = gate
        server = HTTPServer(loops: loops, settings: settings, onPeer: onPeer) { EchoHandler(loop: $0, gate: gate) }
    }

    /// Runs `body` with the server, then stops it and ends its loops.
    static func run(
        settings: HTTPServerSettings = HTTPServerSettings(), onPeer: (@Sendable (DetachedTLSStream) -> Void)? = nil,
        _ body: (TestServer) async throws -> Void
    ) async throws {
        let test = try TestServer(settings: settings, onPeer: onPeer)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(test))
        } catch {
            result = .failure(error)
        }
        await test.server.stop(grace: .zero)
        for loop in test.loops { loop.shutdown() }
        try result.get()
    }

    static func makeIdentity(_ name: String) throws -> TLSIdentity {
        let key = try PrivateKey.generate(.p256)
        let now = WallClock.nowSeconds()
        let template = CertificateTemplate(
            commonName: name, notBeforeAt: now - 60, notAfterAt: now + 3600, dnsNames: [name], usages: [.serverAuth, .clientAuth])
        return TLSIdentity(chain: [try Certificate.issue(template, publicKey: key.publicKey, issuer: nil, key: key)], key: key)
    }

    var client: HTTPClient { HTTPClient(loop: loops[1]) }

    func listenTLS() async throws -> SocketAddress {
        let context = try TLSContext.server(
            identity: identity, peerIdentity: (Self.peerProtocol, identity), alpn: ["http/1.1"])
        return try await server.listen(.tls(.loopback(port: 0), context))
    }

    func listenClear() async throws -> SocketAddress {
        try await server.listen(.clear(.loopback(port: 0)))
    }

    func endpoint(_ address: SocketAddress, pinning other: TLSIdentity? = nil, clientIdentity: TLSIdentity? = nil) throws -> HTTPEndpoint {
        let pin = (other ?? identity).chain[0].fingerprint
        let context = try TLSContext.client(identity: clientIdentity, alpn: [], verification: .leafFingerprint(pin))
        return .tls(host: "127.0.0.1", port: address.port ?? 0, context, serverName: "server")
    }

    func clear(_ address: SocketAddress) -> HTTPEndpoint {
        .clear(host: "127.0.0.1", port: address.port ?? 0)
    }
}
