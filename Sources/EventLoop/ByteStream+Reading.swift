internal import CUV

extension ByteStream {
    package func pauseReading() {
        loop.preconditionOnLoop()
        guard isOpen else { return }
        unsafe uv_read_stop(stream)
    }

    package func resumeReading() {
        loop.preconditionOnLoop()
        guard isOpen, writeSide != .closesAfterFlush else { return }
        let status = unsafe uv_read_start(stream, lendBuffer, deliverRead)
        // UV_EALREADY: reading goes on, which is all that was asked.
        guard status == 0 || status == UV_EALREADY.rawValue else {
            fail(.from(status: status, operation: "read from", target: peerName))
            return
        }
    }

    fileprivate func received(_ count: Int, _ bytes: UnsafePointer<UInt8>) {
        let buffer = unsafe UnsafeBufferPointer(start: bytes, count: count)
        onBytes?(unsafe buffer.span)
    }

    fileprivate func readFailed(_ status: Int32) {
        guard isOpen else { return }
        guard status == UV_EOF.rawValue else {
            fail(.from(status: status, operation: "read from", target: peerName))
            return
        }
        unsafe uv_read_stop(stream)
        if let onEnd { onEnd() } else { close() }
    }
}

/// All streams of a loop share one buffer: libuv fills it and delivers it before it asks again.
private func lendBuffer(
    _ handle: UnsafeMutablePointer<uv_handle_t>?, _ suggested: Int, _ buffer: UnsafeMutablePointer<uv_buf_t>?
) {
    // The loop outlives its handles.
    let lent = unsafe Unmanaged<EventLoop>.fromOpaque(handle!.pointee.loop.pointee.data)._withUnsafeGuaranteedRef { unsafe $0.readBuffer }
    unsafe buffer?.pointee = uv_buf_t(base: lent.baseAddress?.assumingMemoryBound(to: CChar.self), len: lent.count)
}

/// Borrows the stream from the handle's reference, which the close callback returns: never inside this call.
private func deliverRead(
    _ handle: UnsafeMutablePointer<uv_stream_t>?, _ count: Int, _ buffer: UnsafePointer<uv_buf_t>?
) {
    unsafe Unmanaged<ByteStream>.fromOpaque(handle!.pointee.data)._withUnsafeGuaranteedRef { stream in
        if count > 0 {
            let bytes = unsafe UnsafeRawPointer(buffer!.pointee.base!).assumingMemoryBound(to: UInt8.self)
            unsafe stream.received(count, bytes)
        } else if count < 0 {
            stream.readFailed(Int32(truncatingIfNeeded: count))
        }
        // Zero means "nothing yet": libuv only returns the buffer.
    }
}
