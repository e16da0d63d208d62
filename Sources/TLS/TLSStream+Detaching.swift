package import EventLoop

extension TLSStream {
    /// Takes the connection away from this loop with everything that has been received but not delivered; also possible inside
    /// `onHandshake` and `onBytes`. No callback comes any more, not even `onClose`. On an error the stream is as before.
    package func detach() throws(EventLoopError) -> DetachedTLSStream {
        loop.preconditionOnLoop()
        guard isEstablished, isOpen, isWriteOpen, !hasInputEnded, !hasTransportEnded else { throw .streamNotOpen }
        flush()
        let descriptor = try stream.detachDescriptor()
        state = .gone
        onBytes = nil
        onEnd = nil
        onDrain = nil
        onClose = nil
        onHandshake = nil
        return DetachedTLSStream(descriptor, session)
    }

    /// Continues a connection that another loop let go of. It is established and starts paused.
    package static func adopt(_ detached: DetachedTLSStream, on loop: EventLoop) throws(EventLoopError) -> TLSStream {
        TLSStream(try ByteStream.adopt(detached.descriptor, on: loop), detached.session, .established)
    }
}
