/// Takes body bytes off the wire according to the framing the head announced, and stops exactly at the body's end.
struct BodyDecoder: Sendable {
    private enum State: Sendable {
        case length(remaining: Int)
        case chunked(ChunkedDecoder)
        case untilClose
    }

    private var state: State
    /// Memory is taken as bytes arrive, not as they are announced.
    private static let reservedBytesMax = 16 * 1024

    init(_ framing: BodyFraming) {
        state = switch framing {
        case .none: .length(remaining: 0)
        case .length(let length): .length(remaining: length)
        case .chunked: .chunked(ChunkedDecoder())
        case .untilClose: .untilClose
        }
    }

    /// Appends what `input` holds of the body.
    /// - Returns: whether the body is complete.
    mutating func advance(
        _ input: Span<UInt8>, from offset: inout Int, into body: inout [UInt8], limits: HTTPLimits
    ) throws(HTTPParseError) -> Bool {
        switch state {
        case .length(let remaining):
            let taken = min(remaining, input.count - offset)
            if body.isEmpty { body.reserveCapacity(min(remaining, Self.reservedBytesMax)) }
            body.append(input.extracting(offset..<offset + taken))
            offset += taken
            state = .length(remaining: remaining - taken)
            return remaining == taken
        case .chunked(var decoder):
            // The decoder goes back even on failure: after one, the message is dead and nothing reads it.
            let isComplete = try decoder.advance(input, from: &offset, into: &body, limits: limits)
            state = .chunked(decoder)
            return isComplete
        case .untilClose:
            guard body.count + input.count - offset <= limits.bodyBytesMax else { throw .bodyTooLarge }
            body.append(input.extracting(offset..<input.count))
            offset = input.count
            return false
        }
    }

    /// The connection ended.
    /// - Returns: whether that ends the body rather than breaks it.
    var endsWithConnection: Bool {
        if case .untilClose = state { true } else { false }
    }
}
