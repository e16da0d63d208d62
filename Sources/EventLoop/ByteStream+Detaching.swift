internal import CUV
internal import Glibc

extension ByteStream {
    /// Takes the connection away from this loop so that ``adopt(_:on:)`` can continue it on
    /// another. What the kernel holds unread stays there. No callback of this stream comes any
    /// more, not even `onClose`. On an error the stream is as before.
    package func detachDescriptor() throws(EventLoopError) -> DetachedDescriptor {
        loop.preconditionOnLoop()
        guard isOpen, writeSide == .open, let descriptor else { throw .streamNotOpen }
        guard queuedBytes == 0 else { throw .writesPending(bytes: queuedBytes) }
        // A duplicate, because libuv closes the descriptor that it knows with the handle.
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else {
            throw .from(status: -errno, operation: "hand over the connection to", target: peerName)
        }
        state = .detached
        onBytes = nil
        onEnd = nil
        onDrain = nil
        onClose = nil
        closeHandle()
        return DetachedDescriptor(owning: copy)
    }

    /// Continues a connection that another loop let go of, or that this process inherited. It
    /// starts paused. On an error the connection is closed.
    package static func adopt(_ detached: DetachedDescriptor, on loop: EventLoop) throws(EventLoopError) -> ByteStream {
        loop.preconditionOnLoop()
        guard let descriptor = detached.take() else { throw .streamNotOpen }
        let kind: Kind = familyIsUnix(descriptor) ? .pipe : .tcp
        let stream = ByteStream(kind, state: .open, on: loop)
        let status = switch kind {
        case .tcp: unsafe uv_tcp_open(stream.raw.assumingMemoryBound(to: uv_tcp_t.self), descriptor)
        case .pipe: unsafe uv_pipe_open(stream.raw.assumingMemoryBound(to: uv_pipe_t.self), descriptor)
        }
        guard status == 0 else {
            _ = Glibc.close(descriptor)
            stream.close()
            throw .from(status: status, operation: "take over", target: "a connection")
        }
        stream.becameConnected()
        return stream
    }
}

private func familyIsUnix(_ descriptor: Int32) -> Bool {
    var domain: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    let status = unsafe getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size)
    return status == 0 && domain == AF_UNIX
}
