package import Cluster
package import EventLoop

/// Why a server did not come up. Each description is one line that says what to do.
package enum ServerError: Error, Sendable {
    case start(StartError)
    case listen(address: String, EventLoopError)
    case resolve(address: String, reason: String)
    case socketPathTooLong(String)
    case loops(EventLoopError)
}

extension ServerError {
    /// Nobody answered, so nobody refused: another try may succeed.
    package var isUnreachable: Bool {
        if case .start(.joinUnreachable) = self { true } else { false }
    }
}

extension ServerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .start(let error): "\(error)"
        case .listen(let address, .addressInUse):
            "\(address) is in use by another process; stop that one, or choose another --listen"
        case .listen(let address, .permissionDenied):
            "no permission to listen on \(address); choose a port above 1023 or another path, or run as root"
        case .listen(let address, let error): "cannot listen on \(address): \(error)"
        case .resolve(let address, let reason): "--listen \(address): \(reason)"
        case .socketPathTooLong(let path):
            "the path of the Unix socket, \(path), is longer than \(SocketAddress.unixPathBytesMax) bytes; choose a shorter --data"
        case .loops(let error): "cannot start an event loop: \(error)"
        }
    }
}
