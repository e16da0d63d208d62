import Cluster
import EventLoop
import HTTP
import TLS

/// Everything a server listens on, found out before it starts.
struct ListenAddresses: Sendable {
    /// As the operator wrote it.
    let listen: String
    let tls: SocketAddress
    let socketPath: String
    let loopback: [SocketAddress]

    /// The group may use the socket: who may do what there is decided by the peer's credentials.
    static let socketMode: UInt32 = 0o660

    init(_ options: ServerOptions, on loop: EventLoop) async throws(ServerError) {
        listen = options.listen
        tls = try await Self.resolve(options.listen, on: loop)
        socketPath = ServerOptions.socketPath(dataDirectory: options.member.dataDirectory)
        guard socketPath.utf8.count <= SocketAddress.unixPathBytesMax else { throw .socketPathTooLong(socketPath) }
        loopback =
            options.loopbackPort.map { port in
                [.loopback(port: port), .ipv6(IPv6Host(high: 0, low: 1), port: port)]
            } ?? []
    }

    private static func resolve(_ text: String, on loop: EventLoop) async throws(ServerError) -> SocketAddress {
        let target: HostPort
        do throws(EventLoopError) {
            target = try HostPort(parsing: text)
        } catch {
            throw .resolve(address: text, reason: "write HOST:PORT, for example 0.0.0.0:8443 or [::]:8443")
        }
        if let address = SocketAddress(target) { return address }
        do {
            guard let address = try await loop.resolve(host: target.host, port: target.port).first else {
                throw EventLoopError.nameNotResolved(host: target.host, reason: "it has no address")
            }
            return address
        } catch {
            throw .resolve(address: text, reason: "\(error)")
        }
    }

    /// Listens without sharing the port and stops at once. The listeners proper share their ports
    /// between loops, and would silently share them with a forgotten server as well.
    func probe(on loop: EventLoop) async throws(ServerError) {
        for address in [tls] + loopback {
            let failure = await Self.onLoop(loop) { () -> EventLoopError? in
                do throws(EventLoopError) {
                    try StreamListener.listen(on: address, loop: loop) { $0.close() }.close()
                    return nil
                } catch {
                    return error
                }
            }
            // A machine without IPv6 has no ::1 to listen on, and nobody can ask there.
            if case .addressNotAvailable? = failure, loopback.contains(address) { continue }
            if let failure { throw .listen(address: "\(address)", failure) }
        }
    }

    private static func onLoop<T: Sendable>(_ loop: EventLoop, _ body: @escaping @Sendable () -> T) async -> T {
        await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: body()) }
        }
    }

    /// - Returns: where the TLS listener is.
    func open(on server: HTTPServer, tls context: TLSContext) async throws(ServerError) -> SocketAddress {
        let address = try await Self.listen(.tls(tls, context), "\(tls)", on: server)
        _ = try await Self.listen(.unix(path: socketPath, mode: Self.socketMode), socketPath, on: server)
        for address in loopback {
            do throws(ServerError) {
                _ = try await Self.listen(.clear(address), "\(address)", on: server)
            } catch {
                if case .listen(_, .addressNotAvailable) = error { continue }
                throw error
            }
        }
        return address
    }

    private static func listen(
        _ listener: HTTPListener, _ name: String, on server: HTTPServer
    ) async throws(ServerError) -> SocketAddress {
        do throws(EventLoopError) {
            return try await server.listen(listener)
        } catch {
            throw .listen(address: name, error)
        }
    }
}
