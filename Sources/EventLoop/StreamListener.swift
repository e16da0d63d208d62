internal import CUV
internal import Glibc

/// How a ``StreamListener`` listens.
package struct ListenOptions: Sendable {
    /// Connections the kernel completes before we accept them.
    package var backlog: Int32 = 1024
    /// Lets several listeners of this user share a TCP port; the kernel spreads connections over
    /// them. A forgotten older process would share it too, silently: hold a ``ProcessLock``.
    package var sharesPort = false
    /// Permissions of a Unix socket's file.
    package var unixMode: UInt32 = 0o600

    package init(backlog: Int32 = 1024, sharesPort: Bool = false, unixMode: UInt32 = 0o600) {
        self.backlog = backlog
        self.sharesPort = sharesPort
        self.unixMode = unixMode
    }
}

/// Accepts connections on one loop. It lives until closed, whether or not anybody holds it.
package final class StreamListener: LoopHandle {
    /// Where it listens: with the real port when 0 was asked for.
    package private(set) var localAddress: SocketAddress
    /// A connection that could not be accepted, for example because descriptors ran out. Listening goes on.
    package var onAcceptFailure: ((EventLoopError) -> Void)?
    private var onAccept: ((ByteStream) -> Void)?
    private let kind: ByteStream.Kind
    private var file: UnixSocketFile?

    /// Binds and listens. `onAccept` is called on the loop with each stream, open and paused; a
    /// stream that it does not keep or close stays open without anybody to serve it.
    package static func listen(
        on address: SocketAddress, loop: EventLoop, options: ListenOptions = ListenOptions(),
        onAccept: @escaping (ByteStream) -> Void
    ) throws(EventLoopError) -> StreamListener {
        let listener = try StreamListener(address, on: loop, onAccept)
        do throws(EventLoopError) {
            try listener.bind(to: address, options)
            try listener.startListening(options)
        } catch {
            listener.close()
            throw error
        }
        return listener
    }

    private init(_ address: SocketAddress, on loop: EventLoop, _ onAccept: @escaping (ByteStream) -> Void) throws(EventLoopError) {
        kind = address.port == nil ? .pipe : .tcp
        localAddress = address
        self.onAccept = onAccept
        super.init(on: loop, kind: kind == .tcp ? UV_TCP : UV_NAMED_PIPE)
        let status = switch kind {
        // With a family the socket exists at once, so that options can be set before it is bound.
        case .tcp: unsafe uv_tcp_init_ex(loop.uv, raw.assumingMemoryBound(to: uv_tcp_t.self), UInt32(address.family))
        case .pipe: unsafe uv_pipe_init(loop.uv, raw.assumingMemoryBound(to: uv_pipe_t.self), 0)
        }
        guard status == 0 else {
            discardHandle()
            throw .from(status: status, operation: "listen on", target: address.description)
        }
        adoptHandle()
    }

    private func bind(to address: SocketAddress, _ options: ListenOptions) throws(EventLoopError) {
        let status: Int32
        switch address {
        case .unix(let path):
            let file = try UnixSocketFile.bind(path, mode: options.unixMode)
            self.file = file
            status = unsafe uv_pipe_open(raw.assumingMemoryBound(to: uv_pipe_t.self), file.descriptor)
            if status != 0 { _ = Glibc.close(file.descriptor) }
        case .ipv4, .ipv6:
            if options.sharesPort { try sharePort() }
            status = unsafe address.withSockaddr { target, _ in
                unsafe uv_tcp_bind(raw.assumingMemoryBound(to: uv_tcp_t.self), target, 0)
            }
        }
        guard status == 0 else { throw .from(status: status, operation: "listen on", target: address.description) }
    }

    /// libuv 1.44 has no flag for it.
    private func sharePort() throws(EventLoopError) {
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard let descriptor, unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, size) == 0 else {
            throw .from(status: -errno, operation: "share the port of", target: localAddress.description)
        }
    }

    private func startListening(_ options: ListenOptions) throws(EventLoopError) {
        let status = unsafe uv_listen(raw.assumingMemoryBound(to: uv_stream_t.self), options.backlog) { server, status in
            let listener = unsafe Unmanaged<StreamListener>.fromOpaque(server!.pointee.data).takeUnretainedValue()
            listener.connectionArrived(status)
        }
        guard status == 0 else { throw .from(status: status, operation: "listen on", target: localAddress.description) }
        if kind == .tcp, let descriptor, let bound = SocketAddress.ofSelf(descriptor) { localAddress = bound }
    }

    private func connectionArrived(_ status: Int32) {
        guard status == 0 else {
            onAcceptFailure?(.from(status: status, operation: "accept on", target: localAddress.description))
            return
        }
        let stream = ByteStream(kind, state: .open, on: loop)
        let accepted = unsafe uv_accept(raw.assumingMemoryBound(to: uv_stream_t.self), stream.stream)
        guard accepted == 0, let onAccept else {
            stream.close()
            return
        }
        stream.becameConnected()
        onAccept(stream)
    }

    private var descriptor: Int32? {
        var descriptor: Int32 = -1
        return unsafe uv_fileno(handle, &descriptor) == 0 ? descriptor : nil
    }

    /// Stops accepting; a Unix socket's file goes with it. Accepted streams live on.
    package func close() {
        file?.remove()
        file = nil
        onAccept = nil
        onAcceptFailure = nil
        closeHandle()
    }

    override func loopWillEnd() {
        close()
    }
}
