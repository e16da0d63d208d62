internal import Crypto
internal import HTTPTypes

/// The start line and field lines of one message while they arrive, and after.
///
/// The outcome depends only on the bytes and never on how they were cut into reads: every rule is decided at a byte's
/// position in the message. Lines that end in a bare LF are refused, never repaired (RFC 9112 §2.2 allows the repair;
/// two parsers that disagree about it are how requests get smuggled).
struct HeadLines: Sendable {
    enum Progress { case needsMore, startLine, complete }

    /// From the first byte of the start line to the end of the head; the parser may append a normalised path after it.
    var bytes: [UInt8] = []
    private(set) var fields: [FieldSlot] = []
    /// The start line without its CRLF, once it has arrived.
    private(set) var startLine: Range<Int> = 0..<0

    private var lineStart = 0
    private var scanned = 0
    private var fieldsStart: Int?
    private var skippedEmptyLine = false

    /// Heads are mostly below this, and taking more at a time would copy bytes of the next pipelined request again and again.
    private static let bytesPerStep = 1024
    /// Storage that one unusual request grew is not kept for the life of an idle connection.
    private static let keptBytesMax = 4096
    private static let keptFieldsMax = 64

    var isEmpty: Bool { bytes.isEmpty && !skippedEmptyLine }

    mutating func reset() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptBytesMax)
        fields.removeAll(keepingCapacity: fields.capacity <= Self.keptFieldsMax)
        startLine = 0..<0
        lineStart = 0
        scanned = 0
        fieldsStart = nil
        skippedEmptyLine = false
    }

    /// Takes bytes from `input` at `offset` up to the next thing worth telling: the start line, or the end of the head.
    mutating func advance(
        _ input: Span<UInt8>, from offset: inout Int, limits: HTTPLimits
    ) throws(HTTPParseError) -> Progress {
        while true {
            while let lineFeed = nextLineFeed() {
                let progress = try takeLine(endingAt: lineFeed, limits: limits)
                if progress == .complete { giveBackExcess(to: &offset) }
                if progress != .needsMore { return progress }
            }
            try checkUnfinishedLine(limits: limits)
            guard offset < input.count else { return .needsMore }
            let step = min(Self.bytesPerStep, input.count - offset)
            bytes.append(input.extracting(offset..<offset + step))
            offset += step
        }
    }

    private mutating func nextLineFeed() -> Int? {
        let found = bytes.span.firstIndex(of: ASCII.lineFeed, from: scanned)
        scanned = found.map { $0 + 1 } ?? bytes.count
        return found
    }

    private mutating func takeLine(endingAt lineFeed: Int, limits: HTTPLimits) throws(HTTPParseError) -> Progress {
        let hasReturn = lineFeed > lineStart && bytes[lineFeed - 1] == ASCII.carriageReturn
        let line = lineStart..<(hasReturn ? lineFeed - 1 : lineFeed)
        guard let fieldsStart else { return try takeStartLine(line, hasReturn: hasReturn, limits: limits) }
        if !line.isEmpty, lineFeed + 1 - fieldsStart > limits.headerBytesMax { throw .headerTooLarge }
        guard hasReturn else { throw .bareLineFeed }
        lineStart = lineFeed + 1
        if line.isEmpty { return .complete }
        guard fields.count < limits.fieldsMax else { throw .tooManyFields }
        fields.append(try bytes.fieldSlot(in: line))
        return .needsMore
    }

    private mutating func takeStartLine(
        _ line: Range<Int>, hasReturn: Bool, limits: HTTPLimits
    ) throws(HTTPParseError) -> Progress {
        guard line.count <= limits.startLineBytesMax else { throw .startLineTooLong }
        guard hasReturn else { throw .bareLineFeed }
        if line.isEmpty {
            // RFC 9112 §2.2: one empty line before a request line is ignored, for clients that end a body with CRLF.
            guard !skippedEmptyLine else { throw .malformedRequestLine }
            skippedEmptyLine = true
            bytes.removeSubrange(0..<line.upperBound + 2)
            scanned = 0
            return .needsMore
        }
        startLine = line
        lineStart = line.upperBound + 2
        fieldsStart = lineStart
        return .startLine
    }

    /// Refuses a line that is already too long, without waiting for its end. The margins (a CR may be the first half
    /// of the line's end) make this say exactly what `takeLine` would.
    private func checkUnfinishedLine(limits: HTTPLimits) throws(HTTPParseError) {
        let pending = bytes.count - lineStart
        guard let fieldsStart else {
            if pending > limits.startLineBytesMax + 1 { throw .startLineTooLong }
            return
        }
        let isHalfOfEmptyLine = pending == 1 && bytes[lineStart] == ASCII.carriageReturn
        if pending > 0, !isHalfOfEmptyLine, bytes.count - fieldsStart > limits.headerBytesMax { throw .headerTooLarge }
    }

    /// What was copied past the end of the head belongs to the body or to the next request.
    private mutating func giveBackExcess(to offset: inout Int) {
        let excess = bytes.count - lineStart
        guard excess > 0 else { return }
        bytes.removeLast(excess)
        offset -= excess
    }

    func makeFields() -> HTTPFields {
        var result = HTTPFields()
        for slot in fields {
            guard let name = HTTPField.Name(String(decoding: bytes[slot.name], as: UTF8.self)) else { continue }
            result.append(HTTPField(name: name, value: bytes[slot.value]))
        }
        return result
    }
}
