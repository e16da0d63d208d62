internal import EventLoop

extension TLSStream {
    package func pauseReading() {
        loop.preconditionOnLoop()
        wantsBytes = false
        if isEstablished { stream.pauseReading() }
    }

    package func resumeReading() {
        loop.preconditionOnLoop()
        guard isOpen else { return }
        wantsBytes = true
        // During the handshake the transport is read anyway, and delivery follows by itself.
        guard isEstablished else { return }
        if isPumping || !session.hasUnread {
            readTransport()
        } else {
            // What waits inside comes before what the transport still holds.
            afterThisCall { stream in
                stream.pump()
                stream.readTransport()
            }
        }
    }

    private func readTransport() {
        guard isEstablished, wantsBytes, !hasTransportEnded else { return }
        stream.resumeReading()
    }

    func received(_ ciphertext: borrowing Span<UInt8>) {
        guard isOpen, !hasInputEnded else { return }
        do throws(TLSError) {
            try session.feed(ciphertext)
        } catch {
            fail(error)
            return
        }
        pump()
    }

    /// Moves the handshake on, delivers what has been asked for, and sends what came of both. Called by the transport
    /// and the loop only, never inside a call of the owner.
    private func pump() {
        guard isOpen, !isPumping else { return }
        isPumping = true
        do throws(TLSError) {
            if isHandshaking { try handshake() }
            try deliver()
        } catch {
            isPumping = false
            fail(error)
            return
        }
        isPumping = false
        // A callback may have closed the stream, or given the session away.
        guard isOpen else { return }
        session.trimInput()
        flush()
    }

    private func handshake() throws(TLSError) {
        guard try session.advanceHandshake() == .done else { return }
        state = .established
        let report = onHandshake
        onHandshake = nil
        report?(.success(()))
        if isEstablished, !wantsBytes { stream.pauseReading() }
    }

    private func deliver() throws(TLSError) {
        while wantsBytes, isOpen, isEstablished, !hasInputEnded {
            // Plaintext is never longer than its ciphertext; small requests thus stay on the stack.
            let capacity = min(max(session.unreadByteCount, 512), TLSSession.recordBytesMax)
            let result: Result<TLSSession.ReadResult, TLSError> = unsafe withUnsafeTemporaryAllocation(
                byteCount: capacity, alignment: 16
            ) { buffer in
                unsafe deliverOnce(by: buffer)
            }
            switch try result.get() {
            case .bytes(_, hasMore: true): continue
            case .bytes(_, hasMore: false), .needsMore: return
            case .closedByPeer:
                hasInputEnded = true
                if let onEnd { onEnd() } else { closeAfterFlush() }
            }
        }
    }

    private func deliverOnce(by buffer: UnsafeMutableRawBufferPointer) -> Result<TLSSession.ReadResult, TLSError> {
        do throws(TLSError) {
            let result = try unsafe session.read(into: buffer)
            if case .bytes(let count, _) = result {
                let bytes = unsafe UnsafeRawBufferPointer(buffer).bindMemory(to: UInt8.self)
                onBytes?(unsafe bytes.span.extracting(first: count))
            }
            return .success(result)
        } catch {
            return .failure(error)
        }
    }

    /// All input has been delivered by now: the transport is read only while bytes are wanted.
    func transportEnded() {
        hasTransportEnded = true
        guard isOpen, !hasInputEnded else { return }
        do throws(TLSError) {
            try session.endOfInput()
        } catch {
            fail(error)
        }
    }
}
