package import EventLoop

/// One server connection as a value: bytes, answers and the time go in, what to do next comes out. No socket inside.
///
/// The owner calls `advance` until it says `.wait`, doing what each step says:
/// `.handle` and `.refuse` are each followed by one `answer`, at once or later. Until then `advance` takes no byte, so
/// requests are answered one at a time and in order however many arrive together, and nothing here or there recurses.
package struct ServerConnection: Sendable {
    package enum Step: Equatable, Sendable {
        /// Nothing to do before more bytes, an answer, a drained output or the deadline.
        case wait
        /// Send `100 Continue`.
        case sendContinue
        /// There is a complete request, or all that is to be read of it: take it and answer it.
        case handle
        /// The bytes are no acceptable request: answer with the refusal.
        case refuse(HTTPParseError)
        /// Close, after what has been written has left.
        case close
        /// Close now: the peer does not read.
        case abort
    }

    /// What follows an answer.
    package enum AfterAnswer: Equatable, Sendable {
        case nextRequest
        /// Send the content that the answer announced, then call `contentSent`.
        case content
        /// The same for content without an end and for a WebSocket, until `contentSent`.
        case stream
        /// Close when the answer has left.
        case close
        /// Half-close and keep calling `advance` with what still arrives: closing with unread input makes the kernel
        /// reset the connection, which can destroy the answer before the client reads it (RFC 9112 §9.6).
        case linger
    }

    private enum State: Sendable {
        case waiting(until: MonotonicInstant)
        case receiving(until: MonotonicInstant)
        case answering(Exchange)
        /// The head of an answer is on its way, and its content is not all there yet.
        case sending(Exchange, closes: Bool, until: MonotonicInstant)
        /// The same, with content that ends when nobody has more to say: the connection serves nothing else.
        /// `until`: when what was written must have left, if some of it has not.
        case streaming(Exchange, until: MonotonicInstant?)
        case lingering(until: MonotonicInstant, bytesLeft: Int)
        case closed
    }

    private struct Exchange: Sendable {
        var isHead: Bool
        var clientCloses: Bool
        /// What follows in the input may be anything.
        var leavesInput: Bool
    }

    /// With more answer bytes than this waiting for the client to read, none of its further requests is begun.
    package static let queuedBytesMax = 256 * 1024
    /// A lingering client may send this much more before it is cut off.
    package static let lingerBytesMax = 4 * 1024 * 1024

    private var parser: RequestParser
    private let timeouts: HTTPTimeouts
    private var state: State
    private var inputHasEnded = false
    package private(set) var isStopping = false
    private var queuedBytes = 0
    private var writeDeadline: MonotonicInstant?

    package init(
        limits: HTTPLimits, timeouts: HTTPTimeouts, readsBody: @escaping @Sendable (HTTPHead) -> Bool,
        bodyBytesMax: @escaping @Sendable (HTTPHead) -> Int? = { _ in nil }, at now: MonotonicInstant
    ) {
        parser = RequestParser(limits: limits, readsBody: readsBody, bodyBytesMax: bodyBytesMax)
        self.timeouts = timeouts
        state = .waiting(until: now + timeouts.header)
    }

    /// The request that `.handle` announced, once. Bring it back by `reuse` before `answer`, and its storage serves the next one.
    package mutating func takeRequest() -> (head: HTTPHead, body: [UInt8]) { parser.takeRequest() }

    package mutating func reuse(_ head: inout HTTPHead, _ body: inout [UInt8]) { parser.reuse(&head, &body) }

    /// When `expire` must be called if nothing happens before.
    package var deadline: MonotonicInstant? {
        let ownDeadline: MonotonicInstant? = switch state {
        case .waiting(let until), .receiving(let until), .lingering(let until, _), .sending(_, _, let until): until
        case .streaming(_, let until): until
        case .answering, .closed: nil
        }
        guard let ownDeadline, let writeDeadline else { return ownDeadline ?? writeDeadline }
        return min(ownDeadline, writeDeadline)
    }

    package mutating func advance(
        _ input: borrowing Span<UInt8>, from offset: inout Int, at now: MonotonicInstant
    ) -> Step {
        switch state {
        case .answering, .sending, .streaming:
            return .wait
        case .waiting, .receiving:
            return queuedBytes <= Self.queuedBytesMax ? receive(input, from: &offset, at: now) : .wait
        case .lingering(let until, let bytesLeft):
            let discarded = input.count - offset
            offset = input.count
            guard discarded <= bytesLeft, !inputHasEnded else { return end(.close) }
            state = .lingering(until: until, bytesLeft: bytesLeft - discarded)
            return .wait
        case .closed:
            offset = input.count
            return .wait
        }
    }

    private mutating func receive(
        _ input: borrowing Span<UInt8>, from offset: inout Int, at now: MonotonicInstant
    ) -> Step {
        while true {
            switch parser.advance(input, from: &offset) {
            case .needsMore:
                if inputHasEnded { return end(.close) }
                if case .waiting = state, !parser.isIdle { state = .receiving(until: now + timeouts.header) }
                return .wait
            case .head:
                if parser.leavesBody {
                    state = .answering(Exchange(isHead: parser.isHead, clientCloses: false, leavesInput: true))
                    return .handle
                }
                state = .receiving(until: now + timeouts.body)
                // RFC 9110 §10.1.1: no need to ask for a body that is already arriving, or empty.
                if parser.head.expectsContinue, parser.head.framing.announcesBytes, offset == input.count { return .sendContinue }
            case .complete:
                state = .answering(
                    Exchange(isHead: parser.isHead, clientCloses: !parser.head.isPersistent, leavesInput: false))
                return .handle
            case .failed(let error):
                return refuse(error)
            }
        }
    }

    private mutating func refuse(_ error: HTTPParseError) -> Step {
        state = .answering(Exchange(isHead: parser.isHead, clientCloses: false, leavesInput: true))
        return .refuse(error)
    }

    private mutating func end(_ step: Step) -> Step {
        state = .closed
        return step
    }

    /// Puts the answer to the request (or refusal) in hand on the wire.
    package mutating func answer(
        _ response: OutgoingResponse, dateLine: [UInt8], into out: inout [UInt8], at now: MonotonicInstant
    ) -> AfterAnswer {
        guard case .answering(let exchange) = state else { return .close }
        let isEndless = response.content != nil && response.content?.byteCount == nil
        let closes = exchange.clientCloses || exchange.leavesInput || isStopping || response.closesConnection || isEndless
        ResponseEncoder.append(
            response, dateLine: dateLine, isHead: exchange.isHead, closes: closes && response.webSocket == nil, to: &out)
        if response.webSocket != nil || isEndless && !exchange.isHead {
            state = .streaming(exchange, until: nil)
            return .stream
        }
        if let content = response.content, content.byteCount != 0, !exchange.isHead {
            state = .sending(exchange, closes: closes, until: now + timeouts.content(byteCount: content.byteCount ?? 0))
            return .content
        }
        return follow(exchange, closes: closes, at: now)
    }

    /// The content has been written as it was announced, or as far as there was any.
    package mutating func contentSent(at now: MonotonicInstant) -> AfterAnswer {
        switch state {
        case .sending(let exchange, let closes, _):
            return follow(exchange, closes: closes || isStopping, at: now)
        case .streaming(let exchange, _) where !isStopping:
            return follow(exchange, closes: true, at: now)
        default:
            // A stop does not wait for a client to hang up that was told all there is.
            state = .closed
            return .close
        }
    }

    private mutating func follow(_ exchange: Exchange, closes: Bool, at now: MonotonicInstant) -> AfterAnswer {
        if !closes {
            parser.reset()
            state = .waiting(until: now + timeouts.idle)
            return .nextRequest
        }
        if exchange.clientCloses || inputHasEnded {
            state = .closed
            return .close
        }
        state = .lingering(until: now + timeouts.linger, bytesLeft: Self.lingerBytesMax)
        return .linger
    }

    /// The peer will send no more; what it already sent is still answered.
    package mutating func inputEnded() {
        inputHasEnded = true
    }

    /// Tells how many written bytes the kernel has not taken. While there are any, some must go within the write timeout, and
    /// all that an answer without end has written within that of a piece.
    package mutating func outputQueued(_ bytes: Int, at now: MonotonicInstant) {
        if bytes == 0 {
            writeDeadline = nil
        } else if writeDeadline == nil || bytes < queuedBytes {
            writeDeadline = now + timeouts.write
        }
        queuedBytes = bytes
        if case .streaming(let exchange, let until) = state {
            state = .streaming(exchange, until: bytes == 0 ? nil : until ?? now + timeouts.piece)
        }
    }

    /// Closes a connection on which nothing is under way, and makes any other close after the answer in hand.
    package mutating func stop() -> Step {
        isStopping = true
        if case .waiting = state, parser.isIdle { return end(.close) }
        return .wait
    }

    /// The time has come to `now`.
    package mutating func expire(at now: MonotonicInstant) -> Step {
        if let writeDeadline, now >= writeDeadline { return end(.abort) }
        switch state {
        case .waiting(let until) where now >= until: return end(.close)
        case .receiving(let until) where now >= until: return refuse(.timedOut)
        case .lingering(let until, _) where now >= until: return end(.abort)
        // Progress alone is not enough: a byte now and then would hold for ever what the answer needs.
        case .sending(_, _, let until) where now >= until: return end(.abort)
        case .streaming(_, let until?) where now >= until: return end(.abort)
        default: return .wait
        }
    }
}
