/// The chunked transfer coding (RFC 9112 §7.1), byte by byte where it matters and by the run inside chunk data.
///
/// Stricter than the grammar in one place: no blank between the chunk size and its extension or CRLF (`BWS`), since
/// programs disagree about what such a size means. Extensions are bounded and ignored, trailers bounded and discarded.
struct ChunkedDecoder: Sendable {
    private enum State: Sendable {
        case size(digits: Int, value: Int)
        case chunkExtension(size: Int)
        case lineFeed(size: Int)
        case data(remaining: Int)
        case dataReturn
        case dataLineFeed
        case trailers
        case complete
    }

    private var state = State.size(digits: 0, value: 0)
    private var extensionBytesSeen = 0
    private var trailerBytesSeen = 0
    private var trailersSeen = 0
    private var trailerLine: [UInt8] = []

    /// - Returns: whether the last chunk and the trailers have been read.
    mutating func advance(
        _ input: Span<UInt8>, from offset: inout Int, into body: inout [UInt8], limits: HTTPLimits
    ) throws(HTTPParseError) -> Bool {
        while offset < input.count {
            if case .data(let remaining) = state {
                let taken = min(remaining, input.count - offset)
                body.append(input.extracting(offset..<offset + taken))
                offset += taken
                state = remaining == taken ? .dataReturn : .data(remaining: remaining - taken)
                continue
            }
            let byte = input[offset]
            offset += 1
            state = try next(after: byte, bodyBytes: body.count, limits: limits)
            if case .complete = state { return true }
        }
        return false
    }

    private mutating func next(after byte: UInt8, bodyBytes: Int, limits: HTTPLimits) throws(HTTPParseError) -> State {
        switch state {
        case .size(let digits, let value):
            return try sizeState(after: byte, digits: digits, value: value, limits: limits)
        case .chunkExtension(let size):
            extensionBytesSeen += 1
            guard extensionBytesSeen <= limits.chunkExtensionBytesMax else { throw .chunkExtensionsTooLong }
            if byte == ASCII.carriageReturn { return .lineFeed(size: size) }
            guard byte.isFieldValueCharacter else { throw .malformedChunk }
            return .chunkExtension(size: size)
        case .lineFeed(let size):
            guard byte == ASCII.lineFeed else { throw .malformedChunk }
            if size == 0 { return .trailers }
            guard size <= limits.bodyBytesMax - bodyBytes else { throw .bodyTooLarge }
            return .data(remaining: size)
        case .dataReturn:
            guard byte == ASCII.carriageReturn else { throw .malformedChunk }
            return .dataLineFeed
        case .dataLineFeed:
            guard byte == ASCII.lineFeed else { throw .malformedChunk }
            return .size(digits: 0, value: 0)
        case .trailers:
            return try trailerState(after: byte, limits: limits)
        case .data, .complete:
            return state
        }
    }

    private func sizeState(
        after byte: UInt8, digits: Int, value: Int, limits: HTTPLimits
    ) throws(HTTPParseError) -> State {
        if let digit = byte.hexadecimalValue {
            guard digits < limits.chunkSizeDigitsMax else { throw .malformedChunk }
            return .size(digits: digits + 1, value: value << 4 | Int(digit))
        }
        guard digits > 0 else { throw .malformedChunk }
        switch byte {
        case ASCII.carriageReturn: return .lineFeed(size: value)
        case UInt8(ascii: ";"): return .chunkExtension(size: value)
        default: throw .malformedChunk
        }
    }

    /// Trailers must be well-formed field lines; what they say is not looked at (RFC 9110 §6.5.1), so none of them can
    /// change the framing or the identity that the head established.
    private mutating func trailerState(after byte: UInt8, limits: HTTPLimits) throws(HTTPParseError) -> State {
        trailerBytesSeen += 1
        guard trailerBytesSeen <= limits.trailerBytesMax else { throw .trailerTooLarge }
        guard byte == ASCII.lineFeed else {
            trailerLine.append(byte)
            return .trailers
        }
        guard trailerLine.popLast() == ASCII.carriageReturn else { throw .bareLineFeed }
        if trailerLine.isEmpty { return .complete }
        trailersSeen += 1
        guard trailersSeen <= limits.fieldsMax else { throw .tooManyFields }
        _ = try trailerLine.fieldSlot(in: 0..<trailerLine.count)
        trailerLine.removeAll(keepingCapacity: true)
        return .trailers
    }
}
