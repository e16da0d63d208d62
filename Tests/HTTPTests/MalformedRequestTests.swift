import HTTP
import HTTPTypes
import Testing

/// One request that must be refused, and how.
struct Malformed: Sendable, CustomTestStringConvertible {
    let text: String
    let error: HTTPParseError
    let status: Int

    init(_ text: String, _ error: HTTPParseError, _ status: Int) {
        self.text = text
        self.error = error
        self.status = status
    }

    var testDescription: String { "\(error) in \(text.prefix(60).debugDescription)" }

    static let requestLines: [Malformed] = [
        Malformed("GET / HTTP/1.1\nHost: a\n\n", .bareLineFeed, 400),
        Malformed("GET /\r\n\r\n", .malformedRequestLine, 400),
        Malformed("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine, 400),
        Malformed("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine, 400),
        Malformed("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .malformedRequestLine, 400),
        Malformed(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine, 400),
        Malformed("GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine, 400),
        Malformed("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine, 400),
        Malformed("GET / http/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine, 400),
        Malformed("GET / HTTP/1.10\r\nHost: a\r\n\r\n", .malformedRequestLine, 400),
        Malformed("GET / HTTP/11\r\nHost: a\r\n\r\n", .malformedRequestLine, 400),
        Malformed("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine, 400),
        Malformed("\u{16}\u{3}\u{1}\r\n", .malformedRequestLine, 400),
        Malformed("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .unsupportedVersion, 505),
        Malformed("GET / HTTP/1.2\r\nHost: a\r\n\r\n", .unsupportedVersion, 505),
        Malformed("GET / HTTP/0.9\r\nHost: a\r\n\r\n", .unsupportedVersion, 505),
        Malformed("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unsupportedVersion, 505),
        Malformed("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", .unsupportedMethod, 501),
    ]

    static let targets: [Malformed] = [
        "*", "a", "a/b", "ftp://a/", "http:/a/", "http://", "http:///x", "http://u@a/", "http://a:b/", "/#f", "/a#", "/\"", "/<",
        "/\\", "/^", "/`", "/{", "/|", "/\u{7F}", "/\u{0}", "/é", "/a?b#c", "/a?b\\", "http://a#b", "http://a:99999/",
    ].map { Malformed("GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget, 400) }

    static let fields: [Malformed] = [
        Malformed(get("/", "X: a\n"), .bareLineFeed, 400),
        Malformed(get("/", "X: a\r\n continued\r\n"), .foldedField, 400),
        Malformed(get("/", "X: a\r\n\tcontinued\r\n"), .foldedField, 400),
        Malformed("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .foldedField, 400),
        Malformed(get("/", "X : a\r\n"), .malformedField, 400),
        Malformed(get("/", "X\t: a\r\n"), .malformedField, 400),
        Malformed(get("/", ": a\r\n"), .malformedField, 400),
        Malformed(get("/", "X\r\n"), .malformedField, 400),
        Malformed(get("/", "X Y: a\r\n"), .malformedField, 400),
        Malformed(get("/", "X(: a\r\n"), .malformedField, 400),
        Malformed(get("/", "Xé: a\r\n"), .malformedField, 400),
        Malformed(get("/", "X\u{0}: a\r\n"), .malformedField, 400),
        Malformed(get("/", "X: a\u{0}b\r\n"), .malformedField, 400),
        Malformed(get("/", "X: a\rb\r\n"), .malformedField, 400),
        Malformed(get("/", "X: a\r\r\n"), .malformedField, 400),
        Malformed(get("/", "X: a\u{7F}\r\n"), .malformedField, 400),
        Malformed(get("/", "X: a\u{1}\r\n"), .malformedField, 400),
        Malformed("GET / HTTP/1.1\r\n\r\n", .missingHost, 400),
        Malformed("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .repeatedHost, 400),
        Malformed("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", .repeatedHost, 400),
        Malformed("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", .hostDisagreesWithTarget, 400),
        Malformed("GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n", .hostDisagreesWithTarget, 400),
        Malformed(get("/", "Authorization: Bearer a\r\nauthorization: Bearer b\r\n"), .repeatedAuthorization, 400),
        Malformed(get("/", "Expect: 200-ok\r\n"), .unknownExpectation, 417),
        Malformed(get("/", "Expect: 100-continue, x\r\n"), .unknownExpectation, 417),
        Malformed(get("/", "Expect: 100-continue\r\nExpect: 100-continue\r\n"), .unknownExpectation, 417),
    ]

    static let hosts: [Malformed] = [
        "", "a b", "a,b", "a/b", "u@a", "a:", "a:x", "a:123456", "a:65536", "a:-1", ":80", "[::1", "[]", "[::1]x", "[::1]:", "a?b", "a#", "a%41", "é",
    ].map { Malformed("GET / HTTP/1.1\r\nHost: \($0)\r\n\r\n", .invalidHost, 400) }

    static let lengths: [Malformed] = [
        "", "+5", "-1", "5 5", "5,5", "5, 5", "0x5", "5.", "5e1", "a", "\u{B}5", "1234567890123456789", "99999999999999999999999",
        "18446744073709551621", "5;", "\"5\"", "٥",
    ].map { Malformed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \($0)\r\n\r\nabcde", .invalidContentLength, 400) }
        // A vertical tab is refused one rule earlier.
        .map { $0.text.contains("\u{B}") ? Malformed($0.text, .malformedField, 400) : $0 }

    static let chunks: [Malformed] = [
        Malformed(chunked("5\nabcde\r\n0\r\n\r\n"), .malformedChunk, 400),
        Malformed(chunked("\r\n"), .malformedChunk, 400),
        Malformed(chunked("-5\r\n"), .malformedChunk, 400),
        Malformed(chunked("+5\r\n"), .malformedChunk, 400),
        Malformed(chunked(" 5\r\n"), .malformedChunk, 400),
        Malformed(chunked("5 \r\n"), .malformedChunk, 400),
        Malformed(chunked("5 ;x\r\n"), .malformedChunk, 400),
        Malformed(chunked("0x5\r\n"), .malformedChunk, 400),
        Malformed(chunked("g\r\n"), .malformedChunk, 400),
        Malformed(chunked("5\rabcde"), .malformedChunk, 400),
        Malformed(chunked("5\r\nabcdeX\r\n"), .malformedChunk, 400),
        Malformed(chunked("5\r\nabcde\n0\r\n\r\n"), .malformedChunk, 400),
        Malformed(chunked("5\r\nabcde\r0\r\n\r\n"), .malformedChunk, 400),
        Malformed(chunked("5;a\nb\r\n"), .malformedChunk, 400),
        Malformed(chunked("5;a\u{0}\r\n"), .malformedChunk, 400),
        Malformed(chunked("000000005\r\nabcde\r\n"), .malformedChunk, 400),
        Malformed(chunked("FFFFFFFFFFFFFFFFF\r\n"), .malformedChunk, 400),
        Malformed(chunked("FFFFFFFF\r\n"), .bodyTooLarge, 413),
        Malformed(chunked("0\r\nX: a\n\r\n"), .bareLineFeed, 400),
        Malformed(chunked("0\r\n\n"), .bareLineFeed, 400),
        Malformed(chunked("0\r\nX : a\r\n\r\n"), .malformedField, 400),
        Malformed(chunked("0\r\n X: a\r\n\r\n"), .foldedField, 400),
    ]

    static func chunked(_ body: String) -> String {
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)"
    }

    static var all: [Malformed] { requestLines + targets + fields + hosts + lengths + chunks + Smuggling.refused }
}

@Suite struct MalformedRequestTests {
    @Test("a malformed request is refused with its status", arguments: Malformed.all)
    func isRefused(malformed: Malformed) {
        #expect(parse(malformed.text) == .failed(malformed.error))
        #expect(malformed.error.status.code == malformed.status)
    }

    @Test("a refusal does not depend on how the bytes were cut into reads", arguments: Malformed.all)
    func isRefusedInPieces(malformed: Malformed) {
        let bytes = Array(malformed.text.utf8)
        for pieceBytes in [1, 2, 3, 7] {
            #expect(parse(bytes, pieceBytes: pieceBytes) == .failed(malformed.error), "in pieces of \(pieceBytes)")
        }
    }

    @Test("a malformed request is answered once, announces the close, and nothing after it is read", arguments: Malformed.all)
    func closes(malformed: Malformed) {
        var world = MachineWorld()
        world.receive(malformed.text + get("/smuggled"))
        #expect(world.refusals == [malformed.error])
        #expect(world.handled.isEmpty)
        #expect(world.output.hasPrefix("HTTP/1.1 \(malformed.status) "))
        #expect(world.output.contains("\r\nConnection: close\r\n"))
        #expect(world.after == .linger)
        world.receive(get("/late"))
        #expect(world.handled.isEmpty)
    }

    @Test("of all bytes, a field value takes only visible ones, blanks between them and those above 127, wherever they stand")
    func fieldValueBytes() {
        for byte in UInt8.min...UInt8.max {
            let isAllowed = byte == 0x09 || (0x20...0x7E).contains(byte) || byte >= 0x80
            // A scan takes a word at a time, then the rest: here are some of each.
            for position in 0..<51 {
                var value = [UInt8](repeating: 0x61, count: 51)
                value[position] = byte
                let outcome = parse(Array("GET / HTTP/1.1\r\nHost: a\r\nX:".utf8) + value + Array("\r\n\r\n".utf8))
                let isTaken = if case .complete = outcome { true } else { false }
                #expect(isTaken == isAllowed, "\(byte) at \(position)")
            }
        }
    }

    @Test("every refusal has a status that blames the client or names what we lack, and one line of words")
    func everyErrorHasAnAnswer() {
        for error in HTTPParseError.allCases {
            #expect((400...505).contains(error.status.code))
            #expect(!error.description.isEmpty && !error.description.contains("\n"))
        }
    }
}
