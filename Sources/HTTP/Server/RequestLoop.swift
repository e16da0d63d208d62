internal import Crypto
internal import EventLoop
internal import TLS

/// The part of a server that lives on one loop: its listeners, connections, handler and the clock that ends slow ones.
final class RequestLoop {
    let loop: EventLoop
    let settings: HTTPServerSettings
    let onPeer: (@Sendable (DetachedTLSStream) -> Void)?
    /// Answers on their way to `write`. Shared by the loop's connections, since each empties it before it returns.
    var out: [UInt8] = []
    var dateLine = DateLine()
    /// Used by handshakes that begin from now on.
    var tlsContext: TLSContext?

    private(set) lazy var handler: any RequestHandler = makeHandler(loop)
    private let makeHandler: @Sendable (EventLoop) -> any RequestHandler
    private var listeners: [StreamListener] = []
    private var connections: [ObjectIdentifier: ServedConnection] = [:]
    private var handshakes: [ObjectIdentifier: TLSHandshake] = [:]
    private lazy var clock = LoopTimer(on: loop)
    private(set) var isStopping = false
    private var stopWaiters: [() -> Void] = []

    private static let tick: Duration = .milliseconds(500)

    init(
        loop: EventLoop, settings: HTTPServerSettings, onPeer: (@Sendable (DetachedTLSStream) -> Void)?,
        makeHandler: @escaping @Sendable (EventLoop) -> any RequestHandler
    ) {
        self.loop = loop
        self.settings = settings
        self.onPeer = onPeer
        self.makeHandler = makeHandler
    }

    var connectionCount: Int { connections.count + handshakes.count }

    // MARK: Listening

    /// - Parameter sharesPort: for a server with listeners on several loops.
    func listen(_ listener: HTTPListener, sharesPort: Bool) throws(EventLoopError) -> SocketAddress {
        switch listener {
        case .tls(let address, let context):
            tlsContext = context
            return try open(address, ListenOptions(sharesPort: sharesPort)) { $0.beginHandshake($1) }
        case .unix(let path, let mode):
            return try open(.unix(path: path), ListenOptions(unixMode: mode)) { $0.serve($1, .unix($1.peerCredentials)) }
        case .clear(let address):
            return try open(address, ListenOptions(sharesPort: sharesPort)) { $0.serve($1, .clear) }
        }
    }

    private func open(
        _ address: SocketAddress, _ options: ListenOptions, onAccept: @escaping (RequestLoop, ByteStream) -> Void
    ) throws(EventLoopError) -> SocketAddress {
        guard !isStopping else { throw .loopEnded }
        // The listener holds this object until it is closed, and `stop` closes it.
        let listener = try StreamListener.listen(on: address, loop: loop, options: options) { [self] stream in
            guard connectionCount < settings.connectionsMax else { return stream.close() }
            onAccept(self, stream)
        }
        listeners.append(listener)
        return listener.localAddress
    }

    /// Fails if anybody has the port. Listeners that share one would not notice another process that shares it too, and
    /// would lose connections to it in silence.
    func claim(_ address: SocketAddress) throws(EventLoopError) -> SocketAddress {
        let probe = try StreamListener.listen(on: address, loop: loop) { $0.close() }
        defer { probe.close() }
        return probe.localAddress
    }

    private func beginHandshake(_ stream: ByteStream) {
        let until = MonotonicInstant.now() + settings.timeouts.handshake
        // Without a session (memory, a context that cannot make one) there is nothing to tell the client with.
        guard let tlsContext, let handshake = try? TLSHandshake(stream, context: tlsContext, owner: self, until: until) else {
            return stream.close()
        }
        handshakes[ObjectIdentifier(handshake)] = handshake
        handshake.start()
        startClock()
    }

    func forget(_ handshake: TLSHandshake) {
        handshakes[ObjectIdentifier(handshake)] = nil
        settle()
    }

    // MARK: Connections

    func serve(_ transport: any Transport, _ kind: ConnectionInfo.Kind, intermediates: [Certificate] = []) {
        let now = MonotonicInstant.now()
        let info = ConnectionInfo(kind: kind, peerAddress: transport.peerAddress, intermediates: intermediates)
        let connection = ServedConnection(transport, info: info, owner: self, at: now)
        connections[ObjectIdentifier(connection)] = connection
        connection.start()
        if isStopping { connection.stop(at: now) }
        startClock()
    }

    func forget(_ connection: ServedConnection) {
        connections[ObjectIdentifier(connection)] = nil
        settle()
    }

    private func startClock() {
        guard !clock.isScheduled else { return }
        clock.schedule(after: Self.tick, repeating: Self.tick) { [weak self] in self?.tick() }
    }

    private func tick() {
        let now = MonotonicInstant.now()
        for connection in connections.values { connection.tick(at: now) }
        for handshake in handshakes.values { handshake.tick(at: now) }
    }

    /// Ends the connections whose client holds one of these certificates: idle ones at once, others after the answer in hand.
    /// One in its handshake is judged by its first request, which comes later.
    func endConnections(ofClients fingerprints: Set<String>) {
        let now = MonotonicInstant.now()
        for connection in connections.values where connection.clientFingerprint.map(fingerprints.contains) ?? false {
            connection.stop(at: now)
        }
    }

    // MARK: Stopping

    /// Stops listening and closes what is idle; `done` runs once nothing is left.
    func stop(_ done: @escaping () -> Void) {
        isStopping = true
        for listener in listeners { listener.close() }
        listeners = []
        stopWaiters.append(done)
        let now = MonotonicInstant.now()
        for connection in connections.values { connection.stop(at: now) }
        for handshake in handshakes.values { handshake.abort() }
        settle()
    }

    /// Closes whatever has not finished by itself.
    func abort() {
        for connection in connections.values { connection.abort() }
        for handshake in handshakes.values { handshake.abort() }
    }

    private func settle() {
        guard connections.isEmpty, handshakes.isEmpty else { return }
        clock.cancel()
        guard isStopping else { return }
        let waiters = stopWaiters
        stopWaiters = []
        for done in waiters { done() }
    }
}
