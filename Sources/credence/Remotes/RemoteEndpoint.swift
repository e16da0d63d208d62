import EventLoop
import HTTP
import Synchronization
import TLS

/// Where a member is reached over TLS, and by what it is recognised.
enum RemoteEndpoint {
    static func of(_ address: String, _ identity: TLSIdentity?, _ verification: PeerVerification) throws(CommandFailure) -> HTTPEndpoint {
        let target: HostPort
        do throws(EventLoopError) {
            target = try HostPort(parsing: ConnectionOptions.hostPort(address))
        } catch {
            throw .usage("\(Table.printable(address)) is no address: write https://HOST:PORT or HOST:PORT")
        }
        do throws(TLSError) {
            let context = try TLSContext.client(identity: identity, alpn: ["http/1.1"], verification: verification)
            return .tls(host: target.host, port: target.port, context, serverName: nil)
        } catch {
            throw .refused("TLS cannot be set up: \(error)")
        }
    }
}

/// What a server showed in a handshake, which runs on the client's loop.
final class ShownCertificate: Sendable {
    private let value = Mutex<String?>(nil)

    var fingerprint: String? { value.withLock { $0 } }

    func note(_ fingerprint: String?) { value.withLock { $0 = fingerprint } }
}
