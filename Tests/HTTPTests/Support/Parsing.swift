import HTTP
import HTTPTypes

/// What a parser made of one message, in a form that two runs can be compared by.
enum Outcome: Equatable {
    case complete(method: String, target: String, fields: [String], body: [UInt8], taken: Int)
    case failed(HTTPParseError)
    case incomplete
}

/// Parses the first request of a connection that delivers these pieces.
func parse(pieces: [[UInt8]], limits: HTTPLimits = HTTPLimits()) -> Outcome {
    var parser = RequestParser(limits: limits)
    var taken = 0
    for piece in pieces {
        var offset = 0
        progress: while true {
            switch parser.advance(piece.span, from: &offset) {
            case .needsMore: break progress
            case .head: continue
            case .failed(let error): return .failed(error)
            case .complete: return outcome(of: parser, taken: taken + offset)
            }
        }
        taken += offset
    }
    return .incomplete
}

func parse(_ bytes: [UInt8], limits: HTTPLimits = HTTPLimits(), pieceBytes: Int = .max) -> Outcome {
    let step = min(pieceBytes, max(bytes.count, 1))
    return parse(
        pieces: stride(from: 0, to: bytes.count, by: step).map { Array(bytes[$0..<min($0 + step, bytes.count)]) }, limits: limits)
}

func parse(_ text: String, limits: HTTPLimits = HTTPLimits()) -> Outcome {
    parse(Array(text.utf8), limits: limits)
}

private func outcome(of parser: RequestParser, taken: Int) -> Outcome {
    let head = parser.head
    return .complete(
        method: head.method.rawValue, target: head.target,
        fields: head.fieldSlots.map { "\(head.text($0.name)): \(head.text($0.value))" },
        body: parser.body, taken: taken)
}

/// The head of a request that must parse.
func head(_ text: String, limits: HTTPLimits = HTTPLimits()) throws -> HTTPHead {
    var parser = RequestParser(limits: limits)
    let bytes = Array(text.utf8)
    var offset = 0
    switch parser.advance(bytes.span, from: &offset) {
    case .head: return parser.head
    case .failed(let error): throw error
    case .needsMore, .complete: throw HTTPParseError.unexpectedEnd
    }
}

func get(_ target: String, _ fields: String = "") -> String {
    "GET \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
}

/// A small deterministic generator (an xorshift of 64 bits), so that every failure can be replayed from its seed.
struct Dice {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    mutating func roll(_ sides: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 1) % sides
    }
}
