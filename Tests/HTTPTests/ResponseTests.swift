import HTTP
import HTTPTypes
import Testing

@Suite struct ResponseEncodingTests {
    private func encode(_ response: OutgoingResponse, request: String = get("/")) -> String {
        var world = MachineWorld()
        world.response = response
        world.receive(request)
        return world.output
    }

    @Test("fields, ready lines, length and content come in that order")
    func layout() {
        var response = OutgoingResponse(status: .created, contentType: "text/plain", text: "hello")
        response.preencodedFields = Array("X-Ready: yes\r\n".utf8)
        #expect(encode(response) == "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nX-Ready: yes\r\nContent-Length: 5\r\n\r\nhello")
    }

    @Test("a handler cannot frame an answer otherwise than it is sent")
    func framingIsOurs() {
        var response = OutgoingResponse(status: .ok, body: Array("x".utf8))
        response.fields[.contentLength] = "100"
        response.fields[.transferEncoding] = "chunked"
        response.fields[.connection] = "upgrade"
        #expect(encode(response) == "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
    }

    @Test("204 and 304 have neither content nor length", arguments: [204, 304])
    func noContent(code: Int) {
        let text = encode(OutgoingResponse(status: .init(code: code), body: Array("never".utf8)))
        #expect(!text.contains("Content-Length") && !text.contains("never"))
    }

    @Test("a field value cannot begin another line")
    func injection() throws {
        var response = OutgoingResponse(status: .ok)
        response.fields[try #require(HTTPField.Name("X-Echo"))] = "a\r\nX-Evil: b\n\u{0}"
        let text = encode(response)
        #expect(!text.contains("\r\nX-Evil"))
        #expect(!text.contains("\n\u{0}"))
    }

    @Test("dates are written as RFC 9110 shows them", arguments: [
        (Int64(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
    func dates(seconds: Int64, text: String) {
        #expect(HTTPDate.format(seconds) == text)
    }
}

@Suite struct ResponseParserTests {
    private enum Outcome: Equatable {
        case complete(Int, [UInt8])
        case incomplete
        case failed(HTTPParseError)
    }

    private func parse(_ text: String, to method: HTTPRequest.Method = .get, pieceBytes: Int = .max, ends: Bool = false) -> Outcome {
        var limits = HTTPLimits()
        limits.bodyBytesMax = 20
        var parser = ResponseParser(to: method, limits: limits)
        let bytes = Array(text.utf8)
        let step = min(pieceBytes, max(bytes.count, 1))
        var progress = ResponseParser.Progress.needsMore
        for start in stride(from: 0, to: bytes.count, by: step) where progress == .needsMore {
            let piece = Array(bytes[start..<min(start + step, bytes.count)])
            var offset = 0
            progress = parser.advance(piece.span, from: &offset)
        }
        if progress == .needsMore, ends { progress = parser.finish() }
        return switch progress {
        case .needsMore: .incomplete
        case .complete: .complete(parser.status.code, parser.body)
        case .failed(let error): .failed(error)
        }
    }

    @Test("answers are read in every framing, however they are cut", arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"),
        ("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n", 200, "hello"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, ""),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x"),
    ])
    func framings(text: String, code: Int, body: String) {
        for pieceBytes in [1, 2, 3, 5, 1000] {
            #expect(parse(text, pieceBytes: pieceBytes) == .complete(code, Array(body.utf8)))
        }
    }

    @Test("an answer to HEAD has no content whatever it announces")
    func head() {
        #expect(parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", to: .head) == .complete(200, []))
    }

    @Test("an answer without framing ends with the connection, and any other does not")
    func untilClose() {
        #expect(parse("HTTP/1.1 200 OK\r\n\r\nhello") == .incomplete)
        #expect(parse("HTTP/1.1 200 OK\r\n\r\nhello", ends: true) == .complete(200, Array("hello".utf8)))
        #expect(parse("HTTP/1.0 200 OK\r\n\r\nhello", ends: true) == .complete(200, Array("hello".utf8)))
        #expect(parse("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", ends: true) == .failed(.unexpectedEnd))
        #expect(parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", ends: true) == .failed(.unexpectedEnd))
        #expect(parse("HTTP/1.1 200 OK\r\n", ends: true) == .failed(.unexpectedEnd))
    }

    @Test("an ambiguous or malformed answer is refused", arguments: [
        ("HTTP/1.2 200 OK\r\n\r\n", HTTPParseError.malformedStatusLine), ("HTTP/2.0 200 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .transferCodingBeforeHTTP11),
        ("HTTP/1.1 200\r\n\r\n", .malformedStatusLine), ("HTTP/1.1 20 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 099 OK\r\n\r\n", .malformedStatusLine), ("HTTP/1.1 600 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 +20 OK\r\n\r\n", .malformedStatusLine), ("HTTP/1.1 200 O\rK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 101 Switching\r\n\r\n", .malformedStatusLine), ("ICY 200 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 200 OK\nX: y\n\n", .bareLineFeed), ("HTTP/1.1 200 OK\r\n X: y\r\n\r\n", .foldedField),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", .repeatedContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", .lengthWithTransferCoding),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .unsupportedTransferCoding),
        ("HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n", .bodyTooLarge),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n", .bodyTooLarge),
        ("HTTP/1.1 200 OK\r\n\r\n123456789012345678901", .bodyTooLarge),
    ])
    func refused(text: String, error: HTTPParseError) {
        #expect(parse(text) == .failed(error))
        #expect(parse(text, pieceBytes: 1) == .failed(error))
    }

    @Test("interim answers are bounded")
    func interim() {
        let interim = String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: ResponseParser.interimResponsesMax)
        #expect(parse(interim + "HTTP/1.1 204 No Content\r\n\r\n") == .complete(204, []))
        #expect(parse(interim + "HTTP/1.1 100 Continue\r\n\r\n") == .failed(.malformedStatusLine))
    }
}
