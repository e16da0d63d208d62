package import HTTPTypes

/// Reads one response from a connection's bytes, as strictly as requests are read: a server that frames its answers
/// ambiguously is not one to take answers from.
package struct ResponseParser: Sendable {
    package enum Progress: Equatable, Sendable {
        case needsMore
        /// The response is complete; bytes after it, if any, were left in the input.
        case complete
        case failed(HTTPParseError)
    }

    private enum Phase: Sendable {
        case head
        case body(BodyDecoder)
        case complete
        case failed(HTTPParseError)
    }

    package private(set) var status: HTTPResponse.Status = .internalServerError
    package private(set) var body: [UInt8] = []
    private var lines = HeadLines()
    private var phase = Phase.head
    private var interimSeen = 0
    private var version = HTTPVersion.http11
    private let limits: HTTPLimits
    private let method: HTTPRequest.Method

    /// Interim (1xx) responses accepted before the final one.
    package static let interimResponsesMax = 8

    /// - Parameter method: of the request; it decides whether the response has content (RFC 9112 §6.3).
    package init(to method: HTTPRequest.Method, limits: HTTPLimits) {
        self.method = method
        self.limits = limits
    }

    package var fields: HTTPFields { lines.makeFields() }

    /// What has come of the body since the last call, for one that is too long to be held.
    package mutating func takeBody() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &body)
        return taken
    }

    package mutating func advance(_ input: borrowing Span<UInt8>, from offset: inout Int) -> Progress {
        do throws(HTTPParseError) {
            while true {
                switch phase {
                case .head:
                    guard try advanceHead(input, from: &offset) else { return .needsMore }
                case .body(var decoder):
                    let isComplete = try decoder.advance(input, from: &offset, into: &body, limits: limits)
                    phase = isComplete ? .complete : .body(decoder)
                    return isComplete ? .complete : .needsMore
                case .complete: return .complete
                case .failed(let error): return .failed(error)
                }
            }
        } catch {
            phase = .failed(error)
            return .failed(error)
        }
    }

    /// The connection ended in an orderly way: completes a body that ends so, and breaks every other.
    package mutating func finish() -> Progress {
        switch phase {
        case .complete: return .complete
        case .failed(let error): return .failed(error)
        case .body(let decoder) where decoder.endsWithConnection:
            phase = .complete
            return .complete
        case .head, .body:
            phase = .failed(.unexpectedEnd)
            return .failed(.unexpectedEnd)
        }
    }

    /// - Returns: whether the head of the final response is complete.
    private mutating func advanceHead(
        _ input: borrowing Span<UInt8>, from offset: inout Int
    ) throws(HTTPParseError) -> Bool {
        while true {
            switch try lines.advance(input, from: &offset, limits: limits) {
            case .needsMore: return false
            case .startLine: try readStatusLine()
            case .complete:
                // RFC 9110 §15.2: interim responses may come first. 101 would end HTTP on this connection, and nobody asked for it.
                guard status.code < 200 else {
                    let framing = try framing()
                    try framing.requireFits(limits)
                    phase = .body(BodyDecoder(framing))
                    return true
                }
                interimSeen += 1
                guard status.code != 101, interimSeen <= Self.interimResponsesMax else { throw .malformedStatusLine }
                lines.reset()
            }
        }
    }

    /// `HTTP/1.1 SP 3DIGIT SP [ reason-phrase ]` (RFC 9112 §4). Plain file servers answer as HTTP/1.0, also a question in 1.1.
    private mutating func readStatusLine() throws(HTTPParseError) {
        let bytes = lines.bytes
        let line = lines.startLine
        guard line.count >= 13 else { throw .malformedStatusLine }
        let prefix = line.lowerBound..<line.lowerBound + 9
        if bytes.equals(prefix, "HTTP/1.1 ") {
            version = .http11
        } else if bytes.equals(prefix, "HTTP/1.0 ") {
            version = .http10
        } else {
            throw .malformedStatusLine
        }
        let digits = bytes[line.lowerBound + 9..<line.lowerBound + 12]
        guard digits.allSatisfy(\.isDigit), bytes[line.lowerBound + 12] == ASCII.space,
            bytes[line.lowerBound + 13..<line.upperBound].allSatisfy(\.isFieldValueCharacter)
        else { throw .malformedStatusLine }
        let code = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        guard (100...599).contains(code) else { throw .malformedStatusLine }
        status = HTTPResponse.Status(code: code)
    }

    private func framing() throws(HTTPParseError) -> BodyFraming {
        var framingFields = FramingFields()
        for slot in lines.fields { try framingFields.read(slot, in: lines.bytes) }
        if method == .head || status.code == 204 || status.code == 304 { return .none }
        return try framingFields.framing(in: lines.bytes, version: version) ?? .untilClose
    }
}
