import HTTP
import HTTPTypes
import Testing

@Suite struct TargetTests {
    @Test("a path is split before it is decoded", arguments: [
        ("/", []), ("/1.0", ["1.0"]), ("/1.0/certificates/ab", ["1.0", "certificates", "ab"]), ("/a/", ["a", ""]),
        ("//a", ["", "a"]), ("/a%2Fb/c", ["a/b", "c"]), ("/%C3%A9%20x", ["é x"]), ("/a+b", ["a+b"]), ("/...", ["..."]), ("*", ["*"]),
    ])
    func segments(path: String, segments: [String]) throws {
        #expect(try PathSegments(Array(path.utf8)[...]).segments == segments)
    }

    @Test("a path that could be read in two ways is refused", arguments: [
        ("/%", PathSegments.Failure.encoding(.malformedEscape)), ("/%4", .encoding(.malformedEscape)),
        ("/%zz", .encoding(.malformedEscape)), ("/%+1", .encoding(.malformedEscape)), ("/a%", .encoding(.malformedEscape)),
        ("/%FF", .encoding(.notUTF8)), ("/%C3", .encoding(.notUTF8)), ("/%C0%AF", .encoding(.notUTF8)), ("/%ED%A0%80", .encoding(.notUTF8)),
        ("/%00", .encoding(.containsNUL)), ("/.", .dotSegment), ("/a/../b", .dotSegment), ("/%2e%2E/b", .dotSegment), ("/a/.%2e", .dotSegment),
    ])
    func badPaths(path: String, failure: PathSegments.Failure) {
        #expect(throws: failure) { try PathSegments(Array(path.utf8)[...]) }
    }

    @Test("query items are found by their decoded name")
    func query() throws {
        let items = try QueryItems(try head(get("/x?scope=read&audience=&flag&&sp%61ce=a+b%2B&scope=admin&=v&k=a=b")))
        #expect(items["scope"] == "read")
        #expect(items.values("scope") == ["read", "admin"])
        #expect(items["audience"] == "")
        #expect(items["flag"] == "")
        #expect(items["space"] == "a b+")
        #expect(items["k"] == "a=b")
        #expect(items[""] == "v")
        #expect(items["SCOPE"] == nil)
        #expect(items.items.map(\.name) == ["scope", "audience", "flag", "space", "scope", "", "k"])
    }

    @Test("no query and an empty one have no items", arguments: ["/x", "/x?", "/x?&&"])
    func emptyQuery(target: String) throws {
        #expect(try QueryItems(try head(get(target))).items.isEmpty)
    }

    @Test("a bad escape anywhere spoils the query, also where nobody looks", arguments: ["a=1&b=%", "%=1", "a=%4g", "a=%FF", "a=%00", "a%C3=b"])
    func badQuery(query: String) throws {
        let head = try head(get("/x?\(query)"))
        #expect(throws: QueryItems.Failure.self) { try QueryItems(head) }
    }

    @Test("text that would take long to compare is no text of a path, a query or a form, and of a header only what is ASCII", .timeLimit(.minutes(1)))
    func marks() throws {
        func text(_ marks: Int) -> String { "k" + (0..<marks).map { $0.isMultiple(of: 2) ? "\u{301}" : "\u{316}" }.joined() }
        let few = PercentEncoding.encode(text(30)), many = PercentEncoding.encode(text(31))
        #expect(try PathSegments(head(get("/\(few)"))).segments == [text(30)])
        #expect(throws: PathSegments.Failure.encoding(.tooManyMarks)) { try PathSegments(head(get("/\(many)"))) }
        #expect(try QueryItems(form: Array("\(few)=1".utf8))[text(30)] == "1")
        for form in ["\(many)=1", "a=\(many)", "a=\(text(300_000))"] {
            #expect(throws: QueryItems.Failure.encoding(.tooManyMarks)) { try QueryItems(form: Array(form.utf8)) }
        }
        func value(_ text: String) throws -> String? { try head("GET / HTTP/1.1\r\nHost: a\r\nOrigin: \(text)\r\n\r\n").value(of: .origin) }
        #expect(try value(text(30)) == text(30))
        #expect(try value("x\(text(15_000))y").map { $0.hasPrefix("xk??") && $0.hasSuffix("??y") } == true)
    }

    @Test("a form body is read like a query")
    func form() throws {
        #expect(try QueryItems(form: Array("token=a.b&x=%26".utf8))["x"] == "&")
        #expect(throws: QueryItems.Failure.encoding(.notUTF8)) { try QueryItems(form: [0x61, 0x3D, 0xFF]) }
        #expect(throws: QueryItems.Failure.encoding(.containsNUL)) { try QueryItems(form: [0x61, 0x3D, 0x00]) }
    }

    @Test("items are read to their bound, and refused one above, however they are written", arguments: ["a&", "+&", "%61=1&", "a=b&&"])
    func itemBound(item: String) throws {
        #expect(try QueryItems(form: Array(String(repeating: item, count: 100).utf8)).items.count == 100)
        #expect(throws: QueryItems.Failure.tooManyItems) { try QueryItems(form: Array(String(repeating: item, count: 101).utf8)) }
    }

    @Test("what is encoded decodes to itself", arguments: ["", "a b", "é/?#%+&=", "\u{1}"])
    func roundTrip(text: String) throws {
        let encoded = PercentEncoding.encode(text)
        #expect(try PercentEncoding.decode(Array(encoded.utf8)[...], plusIsSpace: true) == text)
        #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    }
}
