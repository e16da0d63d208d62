import EventLoop
import HTTP

/// A connection that says exactly what it is told and keeps all that comes back. Confined to its loop inside.
final class RawClient: Sendable {
    private let state: LoopBound<State>

    private final class State {
        let stream: ByteStream
        var received: [UInt8] = []
        var isEnded = false
        var waiters: [(condition: (String, Bool) -> Bool, resume: () -> Void)] = []

        init(_ stream: ByteStream) {
            self.stream = stream
            stream.onBytes = { [self] input in
                for index in 0..<input.count { received.append(input[index]) }
                settle()
            }
            stream.onEnd = { [self] in end() }
            stream.onDrain = { [self] in settle() }
            stream.onClose = { [self] _ in end() }
            stream.resumeReading()
        }

        private func end() {
            isEnded = true
            settle()
        }

        func settle() {
            let text = String(decoding: received, as: UTF8.self)
            let ready = waiters.filter { $0.condition(text, isEnded) }
            waiters.removeAll { $0.condition(text, isEnded) }
            for waiter in ready { waiter.resume() }
        }
    }

    private init(_ state: LoopBound<State>) {
        self.state = state
    }

    static func connect(to address: SocketAddress, on loop: EventLoop) async throws -> RawClient {
        let result: Result<RawClient, EventLoopError> = await withCheckedContinuation { continuation in
            loop.execute {
                ByteStream.connect(to: address, on: loop, timeout: .seconds(10)) { result in
                    continuation.resume(returning: result.map { RawClient(LoopBound(confined: State($0), on: loop)) })
                }
            }
        }
        return try result.get()
    }

    func send(_ text: String) {
        send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) {
        state.loop.execute { self.state.value.stream.write(bytes) }
    }

    func finishSending() {
        state.loop.execute { self.state.value.stream.shutdownWrite() }
    }

    func stopReading() {
        state.loop.execute { self.state.value.stream.pauseReading() }
    }

    func close() {
        state.loop.execute { self.state.value.stream.close() }
    }

    /// Whether the server took all that was sent: waits until it has, or has ended the connection with some of it unread.
    var isAllTaken: Bool {
        get async {
            _ = await wait { [state] _, _ in state.value.stream.queuedBytes == 0 || !state.value.stream.isOpen }
            return await withCheckedContinuation { continuation in
                state.loop.execute { continuation.resume(returning: self.state.value.stream.isOpen) }
            }
        }
    }

    /// All received so far, once `condition` holds for it or the server has ended the connection.
    func received(until condition: @escaping @Sendable (String) -> Bool) async -> String {
        await wait { text, isEnded in isEnded || condition(text) }
    }

    /// All received until the server ended the connection.
    func receivedUntilEnd() async -> String {
        await wait { _, isEnded in isEnded }
    }

    private func wait(_ condition: @escaping @Sendable (String, Bool) -> Bool) async -> String {
        await withCheckedContinuation { continuation in
            state.loop.execute {
                let state = self.state.value
                state.waiters.append((condition, {
                    continuation.resume(returning: String(decoding: state.received, as: UTF8.self))
                }))
                state.settle()
            }
        }
    }
}
