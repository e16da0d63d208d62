package import EventLoop
package import TLS

/// Serves HTTP/1.1 on any number of loops, each with listeners, connections and a handler of its own.
///
/// Requests never leave the loop that accepted their connection. The loops are the caller's, and must outlive `stop`.
package final class HTTPServer: Sendable {
    private let parts: [LoopBound<RequestLoop>]

    /// - Parameters:
    ///   - onPeer: takes, on a request loop, each connection whose client chose the peers' protocol by ALPN. Without it
    ///     such connections are closed.
    ///   - handler: called once per loop, on that loop and before its first request, so that what it returns can hold
    ///     state of that loop.
    package init(
        loops: [EventLoop], settings: HTTPServerSettings = HTTPServerSettings(),
        onPeer: (@Sendable (DetachedTLSStream) -> Void)? = nil,
        handler: @escaping @Sendable (EventLoop) -> any RequestHandler
    ) {
        precondition(!loops.isEmpty, "a server needs a loop to run on")
        parts = loops.map { loop in
            LoopBound(RequestLoop(loop: loop, settings: settings, onPeer: onPeer, makeHandler: handler), on: loop)
        }
    }

    /// - Returns: the address with the real port.
    package func listen(_ listener: HTTPListener) async throws(EventLoopError) -> SocketAddress {
        switch listener {
        case .unix:
            return try await listen(listener, on: parts[0], sharesPort: false)
        case .tls(let address, let context):
            return try await listenOnAll(at: address) { .tls($0, context) }
        case .clear(let address):
            return try await listenOnAll(at: address) { .clear($0) }
        }
    }

    private func listenOnAll(
        at address: SocketAddress, _ listener: (SocketAddress) -> HTTPListener
    ) async throws(EventLoopError) -> SocketAddress {
        if parts.count == 1 { return try await listen(listener(address), on: parts[0], sharesPort: false) }
        let claimed = try await parts[0].attempt { part throws(EventLoopError) in try part.claim(address) }
        for part in parts { _ = try await listen(listener(claimed), on: part, sharesPort: true) }
        return claimed
    }

    private func listen(
        _ listener: HTTPListener, on part: LoopBound<RequestLoop>, sharesPort: Bool
    ) async throws(EventLoopError) -> SocketAddress {
        try await part.attempt { part throws(EventLoopError) in try part.listen(listener, sharesPort: sharesPort) }
    }

    /// Connections accepted from now on are shown this identity; those that are open keep theirs.
    package func replaceTLSContext(_ context: TLSContext) async {
        for part in parts { await part.run { $0.tlsContext = context } }
    }

    /// Ends the open connections whose client proved to hold one of these certificates, on every loop: idle ones at once,
    /// others after the answer in hand.
    package func endConnections(ofClients fingerprints: Set<String>) async {
        for part in parts { await part.run { $0.endConnections(ofClients: fingerprints) } }
    }

    /// Open connections, those still in their handshake included.
    package var connectionCount: Int {
        get async {
            var count = 0
            for part in parts { count += await part.run { $0.connectionCount } }
            return count
        }
    }

    /// Stops listening, closes idle connections, lets requests in hand be answered, and closes what is left after `grace`.
    package func stop(grace: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            for part in parts {
                group.addTask { await part.stop(grace: grace) }
            }
        }
    }
}

extension LoopBound<RequestLoop> {
    /// Runs `body` on the loop. The loop is running: its owner ends it after the server.
    fileprivate func run<Result: Sendable>(_ body: @escaping @Sendable (RequestLoop) -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: body(self.value)) }
        }
    }

    fileprivate func attempt<Output: Sendable>(
        _ body: @escaping @Sendable (RequestLoop) throws(EventLoopError) -> Output
    ) async throws(EventLoopError) -> Output {
        try await run { part in
            Result { () throws(EventLoopError) in try body(part) }
        }.get()
    }

    fileprivate func stop(grace: Duration) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            loop.execute {
                let timer = LoopTimer(on: self.loop)
                self.value.stop {
                    timer.cancel()
                    continuation.resume()
                }
                guard self.value.connectionCount > 0 else { return }
                timer.schedule(after: grace) { self.value.abort() }
            }
        }
    }
}
