internal import Crypto
internal import EventLoop
internal import HTTPTypes
internal import TLS

/// One request and its response on one connection. Confined to `loop`; it lives until `finish`.
final class ClientExchange {
    typealias Outcome = Result<ClientResponse, HTTPClientError>

    private let loop: EventLoop
    private let endpoint: HTTPEndpoint
    private let request: [UInt8]
    private var parser: ResponseParser
    private var transport: (any Transport)?
    private var peerCertificates: [Certificate] = []
    private var timer: LoopTimer?
    private var completion: ((Outcome) -> Void)?
    private var isFinished = false
    private var deadline = MonotonicInstant(nanoseconds: 0)
    /// Takes the content of a successful answer as it comes; false ends the exchange.
    private let receive: (@Sendable ([UInt8]) -> Bool)?
    /// With `receive`: how long nothing may come.
    private var silenceMax: Duration = .zero
    /// The request has begun to be sent.
    private var isSent = false

    /// For one address.
    static let connectTimeoutMax: Duration = .seconds(5)
    /// For all of them, and the handshake.
    static let reachTimeoutMax: Duration = .seconds(10)
    private var reachTimer: LoopTimer?

    init(
        _ request: [UInt8], method: HTTPRequest.Method, to endpoint: HTTPEndpoint, limits: HTTPLimits, on loop: EventLoop,
        receive: (@Sendable ([UInt8]) -> Bool)? = nil
    ) {
        self.receive = receive
        self.loop = loop
        self.endpoint = endpoint
        self.request = request
        parser = ResponseParser(to: method, limits: limits)
    }

    func start(timeout: Duration, _ completion: @escaping (Outcome) -> Void) {
        // Cancelled before it began.
        guard !isFinished else { return completion(.failure(.connectionLost)) }
        self.completion = completion
        deadline = .now() + timeout
        silenceMax = timeout
        let timer = LoopTimer(on: loop)
        timer.schedule(after: timeout) { [self] in
            // Before the request began to be sent it cannot have been carried out.
            finish(.failure(isSent ? .timedOut : .unreachable(.connectTimedOut(endpoint.hostField, after: timeout))))
        }
        self.timer = timer
        let reachTimer = LoopTimer(on: loop)
        reachTimer.schedule(after: min(timeout, Self.reachTimeoutMax)) { [self] in
            if !isSent { finish(.failure(.unreachable(.connectTimedOut(endpoint.hostField, after: min(timeout, Self.reachTimeoutMax))))) }
        }
        self.reachTimer = reachTimer
        switch endpoint {
        case .unix(let path): connect(to: [.unix(path: path)])
        case .tls(let host, let port, _, _), .clear(let host, let port): resolve(host, port)
        }
    }

    func finish(_ outcome: Outcome) {
        guard !isFinished else { return }
        isFinished = true
        timer?.cancel()
        timer = nil
        reachTimer?.cancel()
        reachTimer = nil
        transport?.close()
        transport = nil
        let report = completion
        completion = nil
        report?(outcome)
    }

    // MARK: Getting connected

    private func resolve(_ host: String, _ port: UInt16) {
        if let address = SocketAddress(HostPort(host: host, port: port)) { return connect(to: [address]) }
        let bound = LoopBound(confined: self, on: loop)
        Task(executorPreference: loop) {
            let resolved: Result<[SocketAddress], EventLoopError>
            do {
                resolved = .success(try await bound.loop.resolve(host: host, port: port))
            } catch {
                resolved = .failure(error as? EventLoopError ?? .nameNotResolved(host: host, reason: "unknown"))
            }
            bound.loop.execute {
                switch resolved {
                case .success(let addresses): bound.value.connect(to: addresses[...])
                case .failure(let reason): bound.value.finish(.failure(.unreachable(reason)))
                }
            }
        }
    }

    /// Tries one address after the other until one accepts.
    private func connect(to addresses: ArraySlice<SocketAddress>) {
        guard !isFinished else { return }
        guard let address = addresses.first else {
            return finish(.failure(.unreachable(.nameNotResolved(host: endpoint.hostField, reason: "it has no address"))))
        }
        // One that is switched off must not use up the time of those that are not.
        let timeLeft = min(deadline - .now(), Self.connectTimeoutMax)
        transport = ByteStream.connect(to: address, on: loop, timeout: timeLeft) { [self] result in
            switch result {
            case .success(let stream): connected(stream)
            case .failure where addresses.count > 1: connect(to: addresses.dropFirst())
            case .failure(let error): finish(.failure(.unreachable(error)))
            }
        }
    }

    private func connected(_ stream: ByteStream) {
        guard !isFinished else { return stream.close() }
        guard case .tls(let host, let port, let context, let serverName) = endpoint else { return exchange(on: stream) }
        // RFC 6066 §3: an address is no server name.
        let isAddress = SocketAddress(HostPort(host: host, port: port)) != nil
        do throws(TLSError) {
            try handshake(TLSStream(over: stream, context: context, serverName: serverName ?? (isAddress ? nil : host)))
        } catch {
            stream.close()
            finish(.failure(.tls(error)))
        }
    }

    private func handshake(_ stream: TLSStream) {
        transport = stream
        stream.onHandshake = { [self, unowned stream] result in
            switch result {
            case .failure(let error): finish(.failure(.tls(error)))
            case .success:
                peerCertificates = stream.peerCertificates
                exchange(on: stream)
            }
        }
        stream.onClose = { [self] error in
            finish(.failure((error as? TLSError).map { .tls($0) } ?? .connectionLost))
        }
        stream.start()
    }

    // MARK: Request and response

    private func exchange(on transport: any Transport) {
        self.transport = transport
        isSent = true
        transport.onBytes = { [self] input in received(input) }
        transport.onEnd = { [self] in settle(parser.finish()) }
        transport.onClose = { [self] _ in finish(.failure(.connectionLost)) }
        transport.writeQueueBytesMax = max(transport.writeQueueBytesMax, request.count)
        transport.write(request)
        transport.resumeReading()
    }

    private func received(_ input: borrowing Span<UInt8>) {
        guard !isFinished else { return }
        var offset = 0
        let progress = parser.advance(input, from: &offset)
        guard passOn() else { return finish(.failure(.connectionLost)) }
        settle(progress)
    }

    /// False when whoever takes the content wants no more of it.
    private func passOn() -> Bool {
        guard let receive else { return true }
        guard parser.status.kind == .successful else { return parser.body.count <= Self.refusalBytesMax }
        let piece = parser.takeBody()
        guard !piece.isEmpty else { return true }
        timer?.schedule(after: silenceMax) { [self] in finish(.failure(.timedOut)) }
        return receive(piece)
    }

    /// Of an answer other than the content that was asked for.
    private static let refusalBytesMax = 1 << 20

    private func settle(_ progress: ResponseParser.Progress) {
        switch progress {
        case .needsMore:
            return
        case .failed(.unexpectedEnd):
            finish(.failure(.connectionLost))
        case .failed(let error):
            finish(.failure(.malformedResponse(error)))
        case .complete:
            finish(.success(ClientResponse(
                status: parser.status, fields: parser.fields, body: parser.body, peerCertificates: peerCertificates)))
        }
    }
}
