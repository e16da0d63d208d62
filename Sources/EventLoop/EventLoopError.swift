internal import CUV

/// What can go wrong between this process and the kernel or a peer. Each says what to do about it.
package enum EventLoopError: Error, Equatable, Sendable {
    /// Somebody else listens there.
    case addressInUse(String)
    /// The address belongs to no interface of this machine.
    case addressNotAvailable(String)
    case permissionDenied(String)
    /// Not an address this layer understands; the text is what was given.
    case malformedAddress(String)
    case nameNotResolved(host: String, reason: String)
    case connectionRefused(String)
    case connectTimedOut(String, after: Duration)
    /// The peer, or a router between, ended the connection without an orderly close.
    case connectionReset(String)
    /// The peer reads slower than we write: more than `bytesMax` bytes would have waited.
    case writeQueueFull(peer: String, bytesMax: Int)
    /// More than `jobsMax` pieces of blocking work would have waited.
    case blockingQueueFull(jobsMax: Int)
    /// The stream was closed, or its data already sent off elsewhere, when this was asked of it.
    case streamNotOpen
    /// A stream still has bytes to write, so its descriptor cannot move yet.
    case writesPending(bytes: Int)
    /// ``EventLoop/shutdown()`` was called.
    case loopEnded
    case tooManyOpenFiles(operation: String)
    /// Anything else the kernel said. `code` is a positive `errno`.
    case system(operation: String, target: String, code: Int32)
}

extension EventLoopError {
    /// `status` is what libuv returned: a negative `errno`.
    static func from(status: Int32, operation: String, target: String) -> EventLoopError {
        switch uv_errno_t(rawValue: status) {
        case UV_EADDRINUSE: .addressInUse(target)
        case UV_EADDRNOTAVAIL: .addressNotAvailable(target)
        case UV_EACCES, UV_EPERM: .permissionDenied("\(operation) \(target)")
        case UV_ECONNREFUSED: .connectionRefused(target)
        case UV_ECONNRESET, UV_EPIPE, UV_ECONNABORTED: .connectionReset(target)
        case UV_EMFILE, UV_ENFILE: .tooManyOpenFiles(operation: operation)
        default: .system(operation: operation, target: target, code: -status)
        }
    }
}

extension EventLoopError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .addressInUse(let address):
            "\(address) is in use by another process; stop it or choose another address"
        case .addressNotAvailable(let address):
            "\(address) belongs to no network interface of this machine; listen on one of its own addresses, or on 0.0.0.0 or [::]"
        case .permissionDenied(let what):
            "not permitted to \(what); run as a user that may, or choose a port above 1023 or a path this user may write"
        case .malformedAddress(let text):
            "\"\(text)\" is not an address; write HOST:PORT, [IPV6]:PORT or unix:/PATH (at most \(SocketAddress.unixPathBytesMax) bytes)"
        case .nameNotResolved(let host, let reason):
            "cannot find the address of \"\(host)\": \(reason); check the name and this machine's DNS"
        case .connectionRefused(let address):
            "\(address) refused the connection; check that the service runs and listens there"
        case .connectTimedOut(let address, let timeout):
            "\(address) did not answer within \(timeout); check the address and any firewall between"
        case .connectionReset(let peer):
            "\(peer) ended the connection"
        case .writeQueueFull(let peer, let bytesMax):
            "\(peer) reads too slowly: \(bytesMax) bytes already wait for it"
        case .blockingQueueFull(let jobsMax):
            "\(jobsMax) pieces of blocking work already wait; try again later"
        case .streamNotOpen:
            "the connection is closed"
        case .writesPending(let bytes):
            "\(bytes) bytes still wait to be written; wait for them to drain"
        case .loopEnded:
            "the process is shutting down"
        case .tooManyOpenFiles(let operation):
            "cannot \(operation): this process or machine has too many open files; raise LimitNOFILE"
        case .system(let operation, let target, let code):
            "cannot \(operation) \(target): \(systemErrorText(code))"
        }
    }
}

/// The system's words for a positive `errno`, with its symbol.
func systemErrorText(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    let text = unsafe buffer.withUnsafeMutableBufferPointer { words in
        _ = unsafe uv_strerror_r(-code, words.baseAddress, words.count)
        return unsafe String(cString: words.baseAddress!)
    }
    let name = unsafe buffer.withUnsafeMutableBufferPointer { words in
        _ = unsafe uv_err_name_r(-code, words.baseAddress, words.count)
        return unsafe String(cString: words.baseAddress!)
    }
    return "\(text) (\(name))"
}
