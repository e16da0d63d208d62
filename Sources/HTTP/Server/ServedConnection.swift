internal import Crypto
internal import EventLoop

/// Joins one transport to its `ServerConnection`: it carries bytes and performs steps, and decides nothing.
///
/// Confined to `owner`'s loop. The transport's callbacks and the owner's table hold it until the transport has closed.
final class ServedConnection {
    private let transport: any Transport
    private let info: ConnectionInfo
    private let owner: RequestLoop
    private let handler: any RequestHandler
    private var machine: ServerConnection
    /// Bytes that arrived while an answer was awaited. Reading is paused while there are any, so it holds what one read
    /// delivered, and more only as far as a transport had already decrypted it.
    private var held: [UInt8] = []
    private var heldStart = 0
    private var task: Task<Void, Never>?
    /// What waits until the client has taken all that was written.
    private var onDrained: (() -> Void)?
    /// An answer without end is being sent.
    private var isStreaming = false
    /// It is to end, with nothing more said than that it does.
    private var isEndingStream = false
    /// Reads what comes on a WebSocket, until either side has ended it.
    private var frames: WebSocketReader?

    static let heldBytesMax = 256 * 1024
    /// Answers of pipelined requests leave together, in writes of about this size.
    private static let writeBytesMax = 64 * 1024

    init(_ transport: any Transport, info: ConnectionInfo, owner: RequestLoop, at now: MonotonicInstant) {
        self.transport = transport
        self.info = info
        self.owner = owner
        let handler = owner.handler
        self.handler = handler
        machine = ServerConnection(
            limits: owner.settings.limits(for: info), timeouts: owner.settings.timeouts, readsBody: { handler.readsBody(of: $0) },
            bodyBytesMax: { handler.bodyBytesMax(of: $0, from: info) }, at: now)
    }

    func start() {
        transport.onBytes = { [self] input in received(input) }
        transport.onEnd = { [self] in ended() }
        transport.onDrain = { [self] in drained() }
        transport.onClose = { [self] _ in closed() }
        transport.resumeReading()
    }

    // MARK: What the transport reports

    private func received(_ input: borrowing Span<UInt8>) {
        var offset = 0
        if heldStart == held.count { pump(input, from: &offset, at: .now()) }
        guard offset < input.count, transport.isOpen else { return }
        held.append(input.extracting(offset..<input.count))
        if held.count - heldStart > Self.heldBytesMax { return transport.close() }
        transport.pauseReading()
    }

    private func ended() {
        machine.inputEnded()
        endStream()
        pumpHeld(at: .now())
    }

    private func drained() {
        let now = MonotonicInstant.now()
        machine.outputQueued(transport.queuedBytes, at: now)
        goOn()
        pumpHeld(at: now)
    }

    private func closed() {
        task?.cancel()
        task = nil
        goOn()
        owner.forget(self)
    }

    // MARK: What the owner asks

    var clientFingerprint: String? { info.clientCertificate?.fingerprint }

    /// Lets time pass. A write that made progress since the last call extends its own time.
    func tick(at now: MonotonicInstant) {
        machine.outputQueued(transport.queuedBytes, at: now)
        guard let deadline = machine.deadline, now >= deadline else { return }
        _ = perform(machine.expire(at: now), at: now)
        flush(at: now)
    }

    func stop(at now: MonotonicInstant) {
        _ = perform(machine.stop(), at: now)
        endStream()
    }

    func abort() {
        transport.close()
    }

    // MARK: Steps

    private func pumpHeld(at now: MonotonicInstant) {
        let bytes = held
        let wasHolding = !bytes.isEmpty
        var offset = heldStart
        pump(bytes.span, from: &offset, at: now)
        guard offset == bytes.count else {
            heldStart = offset
            return
        }
        held = []
        heldStart = 0
        if wasHolding, transport.isOpen { transport.resumeReading() }
    }

    private func pump(_ input: borrowing Span<UInt8>, from offset: inout Int, at now: MonotonicInstant) {
        while perform(machine.advance(input, from: &offset, at: now), at: now) {
            if owner.out.count >= Self.writeBytesMax { flush(at: now) }
        }
        flush(at: now)
        readFrames(input, from: &offset)
    }

    /// - Returns: whether there may be another step.
    private func perform(_ step: ServerConnection.Step, at now: MonotonicInstant) -> Bool {
        switch step {
        case .wait:
            return false
        case .sendContinue:
            owner.out.append(contentsOf: ResponseEncoder.continueLine)
            return true
        case .handle:
            return handle(at: now)
        case .refuse(let error):
            return answer(handler.refusal(error), at: now)
        case .close:
            flush(at: now)
            transport.closeAfterFlush()
            return false
        case .abort:
            transport.close()
            return false
        }
    }

    private func handle(at now: MonotonicInstant) -> Bool {
        let (head, body) = machine.takeRequest()
        var request = IncomingRequest(head: head, body: body, connection: info, requestStart: now)
        switch handler.handle(request) {
        case .now(let response):
            machine.reuse(&request.head, &request.body)
            return answer(response, at: now)
        case .later(let work):
            let connection = LoopBound(confined: self, on: owner.loop)
            task = Task(executorPreference: owner.loop) {
                // Asked where the work left off, not where it began: only that says whether this is the loop.
                let response = await work()
                connection.value.finished(response)
            }
            return false
        }
    }

    private func finished(_ response: OutgoingResponse) {
        task = nil
        guard transport.isOpen else { return }
        let now = MonotonicInstant.now()
        _ = answer(response, at: now)
        pumpHeld(at: now)
    }

    private func answer(_ response: OutgoingResponse, at now: MonotonicInstant) -> Bool {
        let dateLine = owner.dateLine.line(at: WallClock.nowSecondsRoughly())
        let next = machine.answer(response, dateLine: dateLine, into: &owner.out, at: now)
        switch next {
        case .content:
            guard let content = response.content else { return false }
            flush(at: now)
            send(content)
            return false
        case .stream:
            flush(at: now)
            isStreaming = true
            if let socket = response.webSocket { send(socket) } else if let content = response.content { stream(content) }
            // One that was opened while the server stops, or after its client's certificate was distrusted, tells nothing.
            if machine.isStopping { endStream() }
            return false
        default:
            return follow(next, at: now)
        }
    }

    private func follow(_ next: ServerConnection.AfterAnswer, at now: MonotonicInstant) -> Bool {
        switch next {
        case .nextRequest:
            return true
        case .content, .stream:
            return false
        case .close:
            flush(at: now)
            transport.closeAfterFlush()
            return false
        case .linger:
            flush(at: now)
            transport.shutdownWrite()
            return true
        }
    }

    // MARK: Content that is too long to be held

    /// The next piece is asked for when the client has taken the one before.
    private func send(_ content: ContentStream) {
        let connection = LoopBound(confined: self, on: owner.loop)
        task = Task(executorPreference: owner.loop) {
            var left = content.byteCount ?? 0
            while left > 0, let piece = await content.next(), !piece.isEmpty, UInt64(piece.count) <= left {
                left -= UInt64(piece.count)
                guard connection.value.write(piece) else { return }
                await withCheckedContinuation { drained in
                    connection.value.whenDrained { drained.resume() }
                }
            }
            connection.value.sent(isWhole: left == 0)
        }
    }

    // MARK: Answers without end

    /// For as long as there are pieces, each asked for when the client has taken the one before.
    private func stream(_ content: ContentStream) {
        let connection = LoopBound(confined: self, on: owner.loop)
        task = Task(executorPreference: owner.loop) {
            while let piece = await content.next(), connection.value.writeToStream(piece) {
                await withCheckedContinuation { drained in
                    connection.value.whenDrained { drained.resume() }
                }
            }
            connection.value.sent(isWhole: true)
        }
    }

    private func send(_ socket: WebSocketStream) {
        frames = WebSocketReader()
        let connection = LoopBound(confined: self, on: owner.loop)
        task = Task(executorPreference: owner.loop) {
            sending: while !Task.isCancelled {
                let isOpen = switch await socket.next() {
                case .text(let text): connection.value.writeFrame(.text, text)
                case .ping: connection.value.writeFrame(.ping, [])
                case .close(let code): connection.value.endFrames(code)
                }
                guard isOpen else { break sending }
                await withCheckedContinuation { drained in
                    connection.value.whenDrained { drained.resume() }
                }
            }
            connection.value.socketEnded()
        }
    }

    /// What ends an answer without end from outside: a client that has gone or may listen no longer, or a stop.
    private func endStream() {
        guard isStreaming else { return }
        isEndingStream = true
        task?.cancel()
        // A client that does not read must not hold a stop up.
        if transport.queuedBytes > 0 { transport.close() }
    }

    /// A piece that was on its way when the end came is not begun: a client that does not read would never take it.
    private func writeToStream(_ piece: [UInt8]) -> Bool {
        !isEndingStream && write(piece)
    }

    private func readFrames(_ input: borrowing Span<UInt8>, from offset: inout Int) {
        while let event = frames?.advance(input, from: &offset), transport.isOpen {
            switch event {
            case .needsMore: return
            case .pong, .message: continue
            case .ping(let payload):
                // RFC 6455 §5.5.3: pings may go unanswered when newer ones come; so a client that sends them and does not
                // read cannot make this side hold its answers.
                if transport.queuedBytes <= Self.pongsQueuedBytesMax { _ = writeFrame(.pong, payload) }
            case .close(let code):
                _ = endFrames(code ?? .normal)
                task?.cancel()
            case .failed(let failure):
                _ = endFrames(failure.closeCode)
                task?.cancel()
            }
        }
    }

    private static let pongsQueuedBytesMax = 16 * 1024

    private func writeFrame(_ opcode: WebSocketOpcode, _ payload: [UInt8]) -> Bool {
        // After a close frame nothing follows (RFC 6455 §5.5.1).
        frames != nil && writeToStream(WebSocketFrame.encoded(opcode, payload))
    }

    /// - Returns: false, as there is nothing more to send.
    private func endFrames(_ code: WebSocketCloseCode) -> Bool {
        guard frames != nil else { return false }
        _ = write(WebSocketFrame.close(code))
        frames = nil
        return false
    }

    private func socketEnded() {
        _ = endFrames(owner.isStopping ? .goingAway : .normal)
        sent(isWhole: true)
    }

    // MARK: Writing and waiting

    private func write(_ piece: [UInt8]) -> Bool {
        guard transport.isOpen else { return false }
        let needed = transport.queuedBytes + piece.count
        if needed > transport.writeQueueBytesMax { transport.writeQueueBytesMax = needed }
        transport.write(piece)
        machine.outputQueued(transport.queuedBytes, at: .now())
        return transport.isOpen
    }

    private func whenDrained(_ work: @escaping () -> Void) {
        guard transport.isOpen, transport.queuedBytes > 0 else { return work() }
        onDrained = work
    }

    private func goOn() {
        let work = onDrained
        onDrained = nil
        work?()
    }

    private func sent(isWhole: Bool) {
        task = nil
        isStreaming = false
        guard transport.isOpen else { return }
        if isEndingStream, transport.queuedBytes > 0 { return transport.close() }
        guard isWhole else { return transport.close() }
        let now = MonotonicInstant.now()
        _ = follow(machine.contentSent(at: now), at: now)
        pumpHeld(at: now)
    }

    private func flush(at now: MonotonicInstant) {
        guard !owner.out.isEmpty else { return }
        // Swapped out and back, so that the storage has one holder throughout and is reused.
        var bytes: [UInt8] = []
        swap(&bytes, &owner.out)
        // One answer may be as long as its handler made it; that no more of them pile up behind it is the machine's rule, which
        // leaves room for a short one.
        if bytes.count > Self.writeBytesMax {
            let needed = transport.queuedBytes + 2 * bytes.count
            if needed > transport.writeQueueBytesMax { transport.writeQueueBytesMax = needed }
        }
        transport.write(bytes.span)
        bytes.removeAll(keepingCapacity: bytes.capacity <= 4 * Self.writeBytesMax)
        swap(&bytes, &owner.out)
        machine.outputQueued(transport.queuedBytes, at: now)
    }
}
