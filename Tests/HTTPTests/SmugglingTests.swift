import HTTP
import Testing

/// Requests whose end two programs could see in two places. Each must be refused, never repaired.
enum Smuggling {
    static let refused: [Malformed] = conflicting + codings + disguises

    private static let tail = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func post(_ fields: String) -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n\(tail)"
    }

    /// CL.TE, TE.CL, CL.CL, TE.TE.
    private static let conflicting: [Malformed] = [
        Malformed(post("Content-Length: 5\r\nTransfer-Encoding: chunked"), .lengthWithTransferCoding, 400),
        Malformed(post("Transfer-Encoding: chunked\r\nContent-Length: 5"), .lengthWithTransferCoding, 400),
        Malformed(post("transfer-encoding: CHUNKED\r\ncontent-length: 0"), .lengthWithTransferCoding, 400),
        Malformed(post("Content-Length: 5\r\nTransfer-Encoding: x"), .lengthWithTransferCoding, 400),
        Malformed(post("Content-Length: 5\r\nContent-Length: 6"), .repeatedContentLength, 400),
        Malformed(post("Content-Length: 5\r\ncontent-length: 5"), .repeatedContentLength, 400),
        Malformed(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), .repeatedTransferCoding, 400),
        Malformed(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), .repeatedTransferCoding, 400),
        Malformed(post("Transfer-Encoding: x\r\nTransfer-Encoding: chunked"), .repeatedTransferCoding, 400),
    ]

    private static let codings: [Malformed] = [
        "identity", "gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "chunked,", ",chunked", "xchunked", "chunkedx", "chunk",
        "\"chunked\"", "chunked;q=1", "chunked chunked", "", "chun\tked",
    ].map { Malformed(post("Transfer-Encoding: \($0)"), .unsupportedTransferCoding, 501) }

    private static let disguises: [Malformed] = [
        Malformed(post("Transfer-Encoding : chunked"), .malformedField, 400),
        Malformed(post(" Transfer-Encoding: chunked"), .foldedField, 400),
        Malformed(post("X: y\r\n Transfer-Encoding: chunked"), .foldedField, 400),
        Malformed(post("Transfer-Encoding:\r\n chunked"), .foldedField, 400),
        Malformed(post("Transfer-Encoding: \u{B}chunked"), .malformedField, 400),
        Malformed(post("Transfer-Encoding: chunked\u{0}"), .malformedField, 400),
        Malformed(post("X: y\rTransfer-Encoding: chunked"), .malformedField, 400),
        Malformed(post("X: y\nTransfer-Encoding: chunked"), .bareLineFeed, 400),
        Malformed(post("Transfer\u{0}-Encoding: chunked"), .malformedField, 400),
        Malformed(post("Content-Length : 5"), .malformedField, 400),
        Malformed(post("Content-Length\u{1F}: 5"), .malformedField, 400),
        Malformed("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(tail)", .transferCodingBeforeHTTP11, 400),
        Malformed("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\n\(tail)", .repeatedContentLength, 400),
    ]
}

@Suite struct SmugglingTests {
    @Test("a trailer cannot change the framing or identity of its message")
    func trailersAreInert() {
        var world = MachineWorld()
        world.receive(Malformed.chunked("1\r\nx\r\n0\r\nContent-Length: 100\r\nAuthorization: Bearer evil\r\nHost: b\r\n\r\n") + get("/next"))
        #expect(world.handled.map(\.target) == ["/", "/next"])
        #expect(world.handled.map(\.body) == [Array("x".utf8), []])
        #expect(world.handled[0].authorization == nil)
    }

    @Test("bytes after a body belong to the next request and to nothing else")
    func bodyEndsWhereItEnds() {
        var world = MachineWorld()
        world.receive("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + get("/2"))
        #expect(world.handled.map(\.target) == ["/1", "/2"])
        #expect(world.handled.map(\.body) == [Array("abc".utf8), []])
    }

    @Test("names that only resemble the framing fields do not frame")
    func lookAlikesDoNotFrame() throws {
        #expect(try head(get("/", "Content_Length: 5\r\nContent-Lengthx: 5\r\nXTransfer-Encoding: chunked\r\n")).framing == .none)
    }
}
