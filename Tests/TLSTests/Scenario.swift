import EventLoop
import TLS
import Testing

/// Runs `body` on a loop of its own until it calls `finish`, and gives back what it finished with.
func scenario<Outcome: Sendable>(
    _ body: @escaping @Sendable (EventLoop, _ finish: @escaping @Sendable (Outcome) -> Void) throws -> Void
) async throws -> Outcome {
    let loop = try EventLoop(name: "tls-test")
    defer { loop.shutdown() }
    return try await withCheckedThrowingContinuation { continuation in
        // Later calls of `finish` would resume twice, which traps: a scenario must end once.
        loop.execute {
            do { try body(loop) { continuation.resume(returning: $0) } } catch { continuation.resume(throwing: error) }
        }
    }
}

/// What happened to one end, as words in order.
final class Diary {
    var entries: [String] = []
    var bytes: [UInt8] = []

    func follow(_ stream: TLSStream) {
        stream.onHandshake = { [self] result in
            switch result {
            case .success: entries.append("established")
            case .failure(let error): entries.append("failed: \(error)")
            }
        }
        stream.onBytes = { [self] span in for index in span.indices { bytes.append(span[index]) } }
        stream.onEnd = { [self] in entries.append("end") }
    }

    func closed(_ error: (any Error)?) {
        entries.append(error.map { "closed: \($0)" } ?? "closed")
    }
}

/// A listener on loopback that hands over the first connection, and a connection to it.
func connectedPair(
    on loop: EventLoop, _ body: @escaping (_ client: ByteStream, _ server: ByteStream) -> Void
) throws {
    var accepted: ByteStream?
    var connected: ByteStream?
    var listener: StreamListener?
    func proceed() {
        guard let accepted, let connected else { return }
        listener?.close()
        body(connected, accepted)
    }
    let listening = try StreamListener.listen(on: .loopback(port: 0), loop: loop) {
        accepted = $0
        proceed()
    }
    listener = listening
    ByteStream.connect(to: listening.localAddress, on: loop, timeout: .seconds(10)) { result in
        connected = try? result.get()
        proceed()
    }
}
