import HTTP
import HTTPTypes
import Testing

@Suite struct RequestParserTests {
    static let wellFormed: [String] = [
        get("/"),
        get("/1.0/certificates/ab?recursion=1&filter=", "Authorization: Bearer a.b.c\r\nAccept: */*\r\n"),
        "\r\n" + get("/after-an-empty-line"),
        "POST /1.0/tokens HTTP/1.1\r\nHost: [::1]:8443\r\nContent-Length: 11\r\n\r\nhello world",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\n\r\n",
        Malformed.chunked("5\r\nhello\r\n6;a=b;c=\"d\"\r\n world\r\n0\r\n\r\n"),
        Malformed.chunked("0\r\nX-Trailer: yes\r\nY:\r\n\r\n"),
        Malformed.chunked("0000000B\r\nhello world\r\n0;last\r\n\r\n"),
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a:80?q HTTP/1.1\r\nhost: A:80\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "BREW /pot HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Tabs:\t a\tb \t\r\nX-High: \u{e9}\r\n\r\n",
    ]

    @Test("a request is the same however its bytes are cut into reads", arguments: wellFormed)
    func splitsDoNotMatter(text: String) {
        let bytes = Array(text.utf8)
        let whole = parse(bytes)
        guard case .complete(_, _, _, _, let taken) = whole else {
            Issue.record("\(whole)")
            return
        }
        #expect(taken == bytes.count)
        for pieceBytes in 1..<bytes.count { #expect(parse(bytes, pieceBytes: pieceBytes) == whole, "in pieces of \(pieceBytes)") }
        for cut in 1..<bytes.count {
            #expect(parse(pieces: [Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)")
        }
        #expect(parse(Array(bytes.dropLast())) == .incomplete)
    }

    @Test("a request leaves the bytes after it in the input")
    func leavesTheRest() {
        let first = Malformed.chunked("1\r\nx\r\n0\r\n\r\n")
        guard case .complete(_, _, _, let body, let taken) = parse(first + get("/next")) else {
            Issue.record("not complete")
            return
        }
        #expect(taken == first.utf8.count)
        #expect(body == Array("x".utf8))
    }

    @Test("fields are found whatever their case, first one first, without outer blanks")
    func looksUpFields() throws {
        let head = try head(get("/p?q=1", "X-One:  a b \t\r\nx-one: c\r\nAUTHORIZATION: Bearer t\r\n"))
        let name = try #require(HTTPField.Name("X-ONE"))
        #expect(head.value(of: name) == "a b")
        #expect(head.values(of: name) == ["a b", "c"])
        #expect(head.count(of: name) == 2)
        #expect(head.authorizationRange.map(head.text) == "Bearer t")
        #expect(head.value(of: .cookie) == nil)
        #expect(head.path == "/p")
        #expect(head.query == "q=1")
        #expect(head.fields[values: name] == ["a b", "c"])
    }

    @Test("an absolute-form target is routed by its path, even if it has none", arguments: [
        ("http://a/x/y?z", "/x/y", "z"), ("HTTP://a", "/", nil), ("https://a?z", "/", "z"),
    ])
    func absoluteForm(target: String, path: String, query: String?) throws {
        let head = try head("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(head.path == path)
        #expect(head.query == query)
        #expect(head.target == target)
    }

    @Test("persistence follows the version and the Connection options", arguments: [
        ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false), ("HTTP/1.1", "Connection: x, CLOSE\r\n", false),
        ("HTTP/1.1", "Connection: x\r\nConnection: ,close ,\r\n", false), ("HTTP/1.1", "Connection: closed\r\n", true),
        ("HTTP/1.0", "", false), ("HTTP/1.0", "Connection: keep-alive\r\n", false),
    ])
    func persistence(version: String, fields: String, isPersistent: Bool) throws {
        #expect(try head("GET / \(version)\r\nHost: a\r\n\(fields)\r\n").isPersistent == isPersistent)
    }

    @Test("a request kept by somebody stays true when its storage would be reused")
    func keptHeadsDoNotChange() {
        var parser = RequestParser()
        let first = Array(get("/first", "Authorization: one\r\n").utf8)
        var offset = 0
        #expect(parser.advance(first.span, from: &offset) == .head)
        #expect(parser.advance(first.span, from: &offset) == .complete)
        let kept = parser.head
        parser.reset()
        let second = Array(get("/second-one", "Authorization: another\r\n").utf8)
        offset = 0
        #expect(parser.advance(second.span, from: &offset) == .head)
        #expect(kept.target == "/first")
        #expect(kept.authorizationRange.map(kept.text) == "one")
        #expect(parser.head.target == "/second-one")
        #expect(parser.head.authorizationRange.map(parser.head.text) == "another")
    }

    @Test("whether a body was announced is told apart from an empty one")
    func announcedBodies() throws {
        #expect(try head("POST / HTTP/1.1\r\nHost: a\r\n\r\n").framing == .none)
        #expect(try head("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").framing == .length(0))
        #expect(try head("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n").framing == .length(2))
    }
}
