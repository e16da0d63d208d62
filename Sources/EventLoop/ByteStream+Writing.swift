internal import CUV

extension ByteStream {
    package func write(_ bytes: borrowing Span<UInt8>) {
        loop.preconditionOnLoop()
        guard isOpen, writeSide == .open, !bytes.isEmpty else { return }
        let taken = queue.byteCount == 0 ? tryWrite(bytes) : 0
        guard taken >= 0 else {
            fail(.from(status: Int32(taken), operation: "write to", target: peerName))
            return
        }
        if taken == bytes.count { return }
        let rest = bytes.count - taken
        guard rest <= writeQueueBytesMax - queue.byteCount else {
            fail(.writeQueueFull(peer: peerName, bytesMax: writeQueueBytesMax))
            return
        }
        queue.append(bytes.extracting(taken..<bytes.count))
        if !queue.isLending { startWrite() }
    }

    /// Bytes the kernel took at once, or a negative status that ends the stream.
    private func tryWrite(_ bytes: borrowing Span<UInt8>) -> Int {
        let status = unsafe bytes.withUnsafeBufferPointer { source in
            // libuv only reads through the pointer; its type is mutable for the sake of reads.
            let base = unsafe UnsafeMutableRawPointer(mutating: source.baseAddress!).assumingMemoryBound(to: CChar.self)
            var buffer = unsafe uv_buf_t(base: base, len: source.count)
            return unsafe uv_try_write(stream, &buffer, 1)
        }
        return status == UV_EAGAIN.rawValue ? 0 : Int(status)
    }

    private func startWrite() {
        let (request, lent) = unsafe queue.lend()
        var buffer = unsafe lent
        unsafe request.pointee.data = Unmanaged.passUnretained(self).toOpaque()  // +0: the handle's reference outlasts every write
        let status = unsafe uv_write(request, stream, &buffer, 1) { request, status in
            let stream = unsafe Unmanaged<ByteStream>.fromOpaque(request!.pointee.data).takeUnretainedValue()
            stream.wrote(status)
        }
        if status != 0 {
            queue.takeBack()
            fail(.from(status: status, operation: "write to", target: peerName))
        }
    }

    private func wrote(_ status: Int32) {
        queue.takeBack()
        guard isOpen else { return }
        guard status == 0 else {
            fail(.from(status: status, operation: "write to", target: peerName))
            return
        }
        if !queue.waiting.isEmpty {
            startWrite()
            return
        }
        switch writeSide {
        case .open: onDrain?()
        case .shutsDownAfterFlush: startShutdown()
        case .shutDown: break
        case .closesAfterFlush: close()
        }
    }

    package func shutdownWrite() {
        loop.preconditionOnLoop()
        guard isOpen, writeSide == .open else { return }
        writeSide = .shutsDownAfterFlush
        if queue.byteCount == 0 { startShutdown() }
    }

    private func startShutdown() {
        writeSide = .shutDown
        let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
        let status = unsafe uv_shutdown(request, stream) { request, _ in
            // A failure shows in the next read, which is where the peer's end is watched.
            unsafe request?.deallocate()
        }
        if status != 0 {
            unsafe request.deallocate()
            fail(.from(status: status, operation: "end writing to", target: peerName))
        }
    }

    package func closeAfterFlush() {
        loop.preconditionOnLoop()
        guard isOpen else { return }
        writeSide = .closesAfterFlush
        unsafe uv_read_stop(stream)
        if queue.byteCount == 0 { close() }
    }
}
