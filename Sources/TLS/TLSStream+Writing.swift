internal import EventLoop

extension TLSStream {
    package func write(_ bytes: borrowing Span<UInt8>) {
        loop.preconditionOnLoop()
        guard isEstablished, isOpen, isWriteOpen else { return }
        var start = 0
        while start < bytes.count, isOpen {
            let end = min(bytes.count, start + Self.outgoingBytesMax)
            do throws(TLSError) {
                try session.write(bytes.extracting(start..<end))
            } catch {
                fail(error)
                return
            }
            start = end
            if !isPumping || session.outgoingByteCount >= Self.outgoingBytesMax { flush() }
        }
    }

    /// One write to the transport with everything that is ready.
    func flush() {
        session.withOutgoing { stream.write($0) }
    }

    package func shutdownWrite() {
        loop.preconditionOnLoop()
        guard endWriting() else { return }
        stream.shutdownWrite()
    }

    package func closeAfterFlush() {
        loop.preconditionOnLoop()
        guard isOpen else { return }
        _ = endWriting()
        wantsBytes = false
        stream.closeAfterFlush()
    }

    /// A peer that is still being written to learns that the rest was not cut off by somebody else.
    package func close() {
        loop.preconditionOnLoop()
        guard isOpen else { return }
        _ = endWriting()
        state = .closing(because: nil)
        dropCallbacks()
        stream.close()
    }

    /// Sends close_notify after all that was written; false if that has happened before.
    private func endWriting() -> Bool {
        guard isOpen, isWriteOpen else { return false }
        isWriteOpen = false
        if isEstablished { session.sendCloseNotify() }
        flush()
        return true
    }

    /// Not for calls of the owner during a handshake: it reports to `onHandshake` at once.
    func fail(_ error: TLSError) {
        guard isOpen else { return }
        // What is outgoing may be the alert that tells the peer why.
        flush()
        let report = isHandshaking ? onHandshake : nil
        state = .closing(because: error)
        dropCallbacks()
        stream.close()
        report?(.failure(error))
    }

    func transportClosed(_ error: (any Error)?) {
        var reason = error
        if case .closing(let because) = state { reason = because }
        let reportHandshake = isHandshaking ? onHandshake : nil
        let reportClose = onClose
        state = .gone
        dropCallbacks()
        onClose = nil
        reportHandshake?(.failure(.truncated))
        reportClose?(reason)
    }

    private func dropCallbacks() {
        onBytes = nil
        onEnd = nil
        onDrain = nil
        onHandshake = nil
    }
}
