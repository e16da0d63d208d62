internal import HTTPTypes

/// Reads one request after another from a connection's bytes (RFC 9112), with no socket and no clock.
///
/// Feed it the bytes in whatever pieces they arrive; the outcome is the same. After `.complete` call `reset()` for the
/// next request on the connection; after `.failed` there is no next request.
package struct RequestParser: Sendable {
    package enum Progress: Equatable, Sendable {
        /// All input was taken and the request is not complete.
        case needsMore
        /// `head` is complete and checked; the body, if any, comes next. Reported once per request.
        case head
        /// `head` and `body` are complete; bytes of the next request, if any, were left in the input.
        case complete
        case failed(HTTPParseError)
    }

    private enum Phase: Sendable {
        case head
        case body(BodyDecoder)
        case complete
        case failed(HTTPParseError)
    }

    package private(set) var head = HTTPHead()
    package private(set) var body: [UInt8] = []
    /// Whether a body is announced that is not to be read: after `.head` there is no next request then.
    package private(set) var leavesBody = false
    private let limits: HTTPLimits
    private let readsBody: @Sendable (HTTPHead) -> Bool
    private let bodyBytesMax: @Sendable (HTTPHead) -> Int?
    /// Those of the request in hand.
    private var bodyLimits: HTTPLimits
    private var phase = Phase.head
    private var hasRequestLine = false

    /// A body's storage is kept for the connection's next request only below this.
    private static let keptBodyBytesMax = 4096

    /// - Parameter bodyBytesMax: asked when more is announced than `limits` permit; nil when that is too much.
    package init(
        limits: HTTPLimits = HTTPLimits(), readsBody: @escaping @Sendable (HTTPHead) -> Bool = { _ in true },
        bodyBytesMax: @escaping @Sendable (HTTPHead) -> Int? = { _ in nil }
    ) {
        self.limits = limits
        self.readsBody = readsBody
        self.bodyBytesMax = bodyBytesMax
        bodyLimits = limits
    }

    /// Whether no byte of a request has arrived since the last `reset()`.
    package var isIdle: Bool {
        if case .head = phase { head.lines.isEmpty } else { false }
    }

    /// Whether the request asks for an answer without content, as far as that is known yet.
    package var isHead: Bool { hasRequestLine && head.method == .head }

    /// Hands the request over: what is left here tells nothing of it. Its storage may come back by `reuse`.
    package mutating func takeRequest() -> (head: HTTPHead, body: [UInt8]) {
        var taken: (head: HTTPHead, body: [UInt8]) = (HTTPHead(), [])
        swap(&taken.head, &head)
        swap(&taken.body, &body)
        return taken
    }

    /// For the next request, if nobody else holds it.
    package mutating func reuse(_ usedHead: inout HTTPHead, _ usedBody: inout [UInt8]) {
        swap(&usedHead, &head)
        swap(&usedBody, &body)
    }

    package mutating func reset() {
        var lines = HeadLines()
        swap(&lines, &head.lines)
        lines.reset()
        head = HTTPHead()
        swap(&lines, &head.lines)
        body.removeAll(keepingCapacity: body.capacity <= Self.keptBodyBytesMax)
        phase = .head
        hasRequestLine = false
    }

    package mutating func advance(_ input: Span<UInt8>, from offset: inout Int) -> Progress {
        do throws(HTTPParseError) {
            switch phase {
            case .head: return try advanceHead(input, from: &offset)
            case .body(let decoder): return try advanceBody(decoder, input, from: &offset)
            case .complete: return .complete
            case .failed(let error): return .failed(error)
            }
        } catch {
            phase = .failed(error)
            return .failed(error)
        }
    }

    private mutating func advanceHead(_ input: Span<UInt8>, from offset: inout Int) throws(HTTPParseError) -> Progress {
        while true {
            switch try head.lines.advance(input, from: &offset, limits: limits) {
            case .needsMore: return .needsMore
            case .startLine:
                try head.readRequestLine()
                hasRequestLine = true
            case .complete:
                try head.readFields()
                leavesBody = head.framing.announcesBytes && !readsBody(head)
                bodyLimits = limits
                if !leavesBody {
                    if head.framing.announces(moreThan: limits.bodyBytesMax), let more = bodyBytesMax(head) { bodyLimits.bodyBytesMax = more }
                    try head.framing.requireFits(bodyLimits)
                }
                phase = .body(BodyDecoder(head.framing))
                return .head
            }
        }
    }

    private mutating func advanceBody(
        _ decoder: BodyDecoder, _ input: Span<UInt8>, from offset: inout Int
    ) throws(HTTPParseError) -> Progress {
        var decoder = decoder
        let isComplete = try decoder.advance(input, from: &offset, into: &body, limits: bodyLimits)
        phase = isComplete ? .complete : .body(decoder)
        return isComplete ? .complete : .needsMore
    }
}
