internal import CUV

/// Who waits for a connection, and until when.
final class ConnectAttempt {
    private let timer: LoopTimer
    private var completion: ((Result<ByteStream, EventLoopError>) -> Void)?

    init(on loop: EventLoop, completion: @escaping (Result<ByteStream, EventLoopError>) -> Void) {
        timer = LoopTimer(on: loop)
        self.completion = completion
    }

    func startTimer(_ timeout: Duration, _ body: @escaping () -> Void) {
        timer.schedule(after: timeout, body)
    }

    func finish(_ result: Result<ByteStream, EventLoopError>) {
        timer.cancel()
        let report = completion
        completion = nil
        report?(result)
    }
}

extension ByteStream {
    /// Starts a connection. `completion` is called exactly once, on the loop, never inside this
    /// call, with the stream open and paused or with the reason. Closing the returned stream before
    /// that gives the attempt up (`streamNotOpen`).
    @discardableResult
    package static func connect(
        to address: SocketAddress, on loop: EventLoop, timeout: Duration,
        completion: @escaping (Result<ByteStream, EventLoopError>) -> Void
    ) -> ByteStream {
        let stream = ByteStream(address.port == nil ? .pipe : .tcp, state: .connecting, on: loop)
        let attempt = ConnectAttempt(on: loop, completion: completion)
        stream.attempt = attempt
        attempt.startTimer(timeout) { stream.fail(.connectTimedOut(address.description, after: timeout)) }
        stream.startConnecting(to: address)
        return stream
    }

    /// As above. The caller must run on `loop` (an actor or task bound to it) and stays there.
    package static func connect(
        to address: SocketAddress, on loop: EventLoop, timeout: Duration
    ) async throws(EventLoopError) -> ByteStream {
        loop.preconditionOnLoop()
        let result: Result<LoopBound<ByteStream>, EventLoopError> = await withCheckedContinuation { continuation in
            connect(to: address, on: loop, timeout: timeout) { result in
                continuation.resume(returning: result.map { LoopBound(confined: $0, on: loop) })
            }
        }
        return try result.get().value
    }

    private func startConnecting(to address: SocketAddress) {
        if case .unix(let path) = address, !SocketAddress.isUnixPath(path) {
            return fail(.malformedAddress(address.description))
        }
        let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
        // +1, returned in connectDone: closing the handle calls that too, before the close callback.
        unsafe request.pointee.data = Unmanaged.passRetained(ConnectTarget(self, address)).toOpaque()
        switch address {
        case .unix(let path):
            unsafe uv_pipe_connect(request, raw.assumingMemoryBound(to: uv_pipe_t.self), path, connectDone)
        case .ipv4, .ipv6:
            let status = unsafe address.withSockaddr { target, _ in
                unsafe uv_tcp_connect(request, raw.assumingMemoryBound(to: uv_tcp_t.self), target, connectDone)
            }
            // libuv did not accept the request and will not call back.
            if status != 0 { unsafe connectDone(request, status) }
        }
    }

    fileprivate func connected(to address: SocketAddress, _ status: Int32) {
        guard case .connecting = state else { return }
        guard status == 0 else {
            fail(.from(status: status, operation: "connect to", target: address.description))
            return
        }
        state = .open
        becameConnected()
        let attempt = attempt
        self.attempt = nil
        attempt?.finish(.success(self))
    }
}

private final class ConnectTarget {
    let stream: ByteStream
    let address: SocketAddress

    init(_ stream: ByteStream, _ address: SocketAddress) {
        self.stream = stream
        self.address = address
    }
}

/// libuv calls this exactly once for a request it accepted, also when the handle is closed first.
private func connectDone(_ request: UnsafeMutablePointer<uv_connect_t>?, _ status: Int32) {
    let target = unsafe Unmanaged<ConnectTarget>.fromOpaque(request!.pointee.data).takeRetainedValue()
    unsafe request?.deallocate()
    target.stream.connected(to: target.address, status)
}
