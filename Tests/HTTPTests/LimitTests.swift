import HTTP
import HTTPTypes
import Testing

/// Every bound of `HTTPLimits`, at the bound and one above it, whole and byte by byte.
@Suite struct LimitTests {
    private func expect(_ text: String, _ error: HTTPParseError?, _ limits: HTTPLimits = HTTPLimits()) {
        let bytes = Array(text.utf8)
        for outcome in [parse(bytes, limits: limits), parse(bytes, limits: limits, pieceBytes: 1)] {
            switch (outcome, error) {
            case (.complete, nil): break
            case (.failed(let found), let wanted?): #expect(found == wanted)
            default: Issue.record("\(outcome), not \(error.map(String.init(describing:)) ?? "accepted")")
            }
        }
    }

    private func letters(_ count: Int) -> String { String(repeating: "a", count: count) }

    @Test("a request line of 8 KiB is read, one byte more is 414")
    func startLine() {
        let overhead = "GET / HTTP/1.1".utf8.count
        expect("GET /\(letters(8192 - overhead)) HTTP/1.1\r\nHost: a\r\n\r\n", nil)
        expect("GET /\(letters(8193 - overhead)) HTTP/1.1\r\nHost: a\r\n\r\n", .startLineTooLong)
        #expect(HTTPParseError.startLineTooLong.status.code == 414)
    }

    @Test("an endless request line is refused before it ends")
    func endlessStartLine() {
        #expect(parse("GET /" + letters(8192 - 4)) == .incomplete)
        #expect(parse("GET /" + letters(8192 - 3)) == .failed(.startLineTooLong))
    }

    @Test("field lines of 32 KiB together are read, one byte more is 431")
    func header() {
        let overhead = "Host: a\r\nX: \r\n".utf8.count
        expect(get("/", "X: \(letters(32 * 1024 - overhead))\r\n"), nil)
        expect(get("/", "X: \(letters(32 * 1024 + 1 - overhead))\r\n"), .headerTooLarge)
        #expect(HTTPParseError.headerTooLarge.status.code == 431)
    }

    @Test("an endless field line is refused before it ends")
    func endlessHeader() {
        let start = "GET / HTTP/1.1\r\n"
        #expect(parse(start + "X: " + letters(32 * 1024 - 3)) == .incomplete)
        #expect(parse(start + "X: " + letters(32 * 1024 - 2)) == .failed(.headerTooLarge))
    }

    @Test("100 fields are read, 101 are 431")
    func fieldCount() {
        expect(get("/", String(repeating: "X: y\r\n", count: 99)), nil)
        expect(get("/", String(repeating: "X: y\r\n", count: 100)), .tooManyFields)
        #expect(HTTPParseError.tooManyFields.status.code == 431)
    }

    @Test("a body of 1 MiB is read, one byte more is 413 as soon as it is announced")
    func bodyLength() {
        let bound = 1024 * 1024
        #expect(HTTPLimits().bodyBytesMax == bound)
        let text = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "
        guard case .complete(_, _, _, let body, _) = parse("\(text)\(bound)\r\n\r\n\(letters(bound))") else {
            Issue.record("not accepted")
            return
        }
        #expect(body.count == bound)
        #expect(parse("\(text)\(bound + 1)\r\n\r\n") == .failed(.bodyTooLarge))
        #expect(HTTPParseError.bodyTooLarge.status.code == 413)
    }

    @Test("chunks add up to the body's bound, and the chunk that would pass it is refused before its data")
    func chunkedBody() {
        var limits = HTTPLimits()
        limits.bodyBytesMax = 10
        expect(Malformed.chunked("6\r\nabcdef\r\n4\r\nabcd\r\n0\r\n\r\n"), nil, limits)
        expect(Malformed.chunked("6\r\nabcdef\r\n5\r\n"), .bodyTooLarge, limits)
        expect(Malformed.chunked("B\r\n"), .bodyTooLarge, limits)
    }

    @Test("eight digits of chunk size are read, nine are refused even if they are zeros")
    func chunkSizeDigits() {
        expect(Malformed.chunked("00000001\r\na\r\n00000000\r\n\r\n"), nil)
        expect(Malformed.chunked("000000001\r\n"), .malformedChunk)
        expect(Malformed.chunked("1\r\na\r\n000000000\r\n"), .malformedChunk)
    }

    @Test("chunk extensions of 4 KiB together are ignored, one byte more is refused")
    func chunkExtensions() {
        // The CR that ends an extension counts, the semicolon that begins it does not.
        let half = "1;\(letters(2047))\r\na\r\n"
        expect(Malformed.chunked(half + half + "0\r\n\r\n"), nil)
        expect(Malformed.chunked(half + half + "1;\r\na\r\n"), .chunkExtensionsTooLong)
        expect(Malformed.chunked("1;" + letters(4097)), .chunkExtensionsTooLong)
    }

    @Test("a trailer section of 8 KiB is discarded, one byte more is 431")
    func trailers() {
        let overhead = "X: \r\n\r\n".utf8.count
        expect(Malformed.chunked("0\r\nX: \(letters(8192 - overhead))\r\n\r\n"), nil)
        expect(Malformed.chunked("0\r\nX: \(letters(8193 - overhead))\r\n\r\n"), .trailerTooLarge)
        expect(Malformed.chunked("0\r\n" + String(repeating: "X: y\r\n", count: 100) + "\r\n"), nil)
        expect(Malformed.chunked("0\r\n" + String(repeating: "X: y\r\n", count: 101) + "\r\n"), .tooManyFields)
    }

    @Test("a longer body is read where it is permitted for that very request, up to that bound; in chunks it is not, nor for the next request")
    func longBodies() {
        let usual = HTTPLimits().bodyBytesMax
        func parser() -> RequestParser { RequestParser(bodyBytesMax: { $0.value(of: .userAgent) == "admin" ? 2 * usual : nil }) }
        func outcome(_ parser: inout RequestParser, _ text: String) -> RequestParser.Progress {
            let bytes = Array(text.utf8)
            var offset = 0
            var progress = parser.advance(bytes.span, from: &offset)
            while progress == .head { progress = parser.advance(bytes.span, from: &offset) }
            return progress
        }
        func request(_ count: Int, _ agent: String) -> String { "POST / HTTP/1.1\r\nHost: a\r\nUser-Agent: \(agent)\r\nContent-Length: \(count)\r\n\r\n" }
        for (count, agent, expected) in [
            (usual + 1, "admin", RequestParser.Progress.complete), (2 * usual, "admin", .complete), (2 * usual + 1, "admin", .failed(.bodyTooLarge)),
            (usual + 1, "guest", .failed(.bodyTooLarge)), (usual, "guest", .complete),
        ] {
            var parser = parser()
            #expect(outcome(&parser, request(count, agent) + letters(count)) == expected, "\(count) \(agent)")
        }
        var chunked = parser()
        let head = "POST / HTTP/1.1\r\nHost: a\r\nUser-Agent: admin\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(outcome(&chunked, head + "\(String(usual + 1, radix: 16))\r\n" + letters(usual + 1)) == .failed(.bodyTooLarge))
        var next = parser()
        #expect(outcome(&next, request(usual + 1, "admin") + letters(usual + 1)) == .complete)
        next.reset()
        #expect(outcome(&next, request(usual + 1, "guest")) == .failed(.bodyTooLarge))
    }
}
