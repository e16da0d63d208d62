import JOSE
import Testing

@Suite("Reading the fields of a body")
struct JSONObjectReaderTests {
    private func message(_ text: String, _ read: (inout JSONObjectReader) throws(JSONFieldError) -> Void) -> String? {
        do {
            var reader = try JSONObjectReader(try JSON(parsing: text))
            try read(&reader)
            return nil
        } catch let error as JSONFieldError {
            return error.message
        } catch {
            return "not JSON"
        }
    }

    @Test("values of the right type and in range are read, null counts as absent")
    func reading() throws {
        var reader = try JSONObjectReader([
            "s": "x", "n": 5, "b": true, "l": ["p", "q"], "o": ["k": "v"], "nil": .null, "bytes": "AQI",
        ])
        #expect(try reader.string("s", max: 1) == "x")
        #expect(try reader.integer("n", in: 1...5) == 5)
        #expect(try reader.bool("b"))
        #expect(try reader.strings("l", max: 2, each: 1) == ["p", "q"])
        var inner = try reader.object("o")
        #expect(try inner.string("k") == "v")
        try inner.finish()
        #expect(try reader.optionalString("nil") == nil)
        #expect(try reader.optionalInteger("absent") == nil)
        #expect(try reader.base64URL("bytes", maxBytes: 2) == [1, 2])
        try reader.finish()
    }

    @Test("an error names the field and the rule")
    func messages() {
        #expect(message("[]") { _ in } == "the body must be a JSON object")
        #expect(message("{}") { r throws(JSONFieldError) in _ = try r.string("name") } == #"field "name" is required"#)
        #expect(message(#"{"name":null}"#) { r throws(JSONFieldError) in _ = try r.string("name") } == #"field "name" is required"#)
        #expect(message(#"{"name":5}"#) { r throws(JSONFieldError) in _ = try r.string("name") } == #"field "name" must be a string"#)
        #expect(message(#"{"name":""}"#) { r throws(JSONFieldError) in _ = try r.string("name", min: 1) } == #"field "name" must not be empty"#)
        for wrong in ["0", "31536001", "1.0", "\"5\"", "1e3", "true", "99999999999999999999"] {
            #expect(message("{\"expires_in\":\(wrong)}") { r throws(JSONFieldError) in
                _ = try r.integer("expires_in", in: 1...31_536_000)
            } == #"field "expires_in" must be an integer from 1 to 31536000"#)
        }
        #expect(message(#"{"m":{"a":1}}"#) { r throws(JSONFieldError) in
            var inner = try r.object("m")
            _ = try inner.string("a")
        } == #"field "m.a" must be a string"#)
        #expect(message(#"{"l":["a",1]}"#) { r throws(JSONFieldError) in _ = try r.strings("l") } == #"field "l" must be an array of strings"#)
        #expect(message(#"{"b":"AB"}"#) { r throws(JSONFieldError) in _ = try r.base64URL("b", maxBytes: 9) }
            == #"field "b" must be at most 9 bytes in unpadded base64url"#)
    }

    @Test("the bounds of strings and arrays hold at one more")
    func bounds() {
        #expect(message(#"{"s":"abc"}"#) { r throws(JSONFieldError) in _ = try r.string("s", max: 3) } == nil)
        #expect(message(#"{"s":"abcd"}"#) { r throws(JSONFieldError) in _ = try r.string("s", max: 3) } == #"field "s" must be at most 3 bytes long"#)
        #expect(message(#"{"l":["a","b","c"]}"#) { r throws(JSONFieldError) in _ = try r.strings("l", max: 2, each: 1) }
            == #"field "l" must hold at most 2 elements"#)
        #expect(message(#"{"l":["ab"]}"#) { r throws(JSONFieldError) in _ = try r.strings("l", max: 2, each: 1) }
            == #"field "l" must hold strings of at most 1 bytes"#)
    }

    @Test("a member nobody asked for is refused by name, or ignored where asked to")
    func unknown() {
        #expect(message(#"{"name":"a","nmae":"b"}"#) { r throws(JSONFieldError) in
            _ = try r.string("name")
            try r.finish()
        } == #"unknown field "nmae""#)
        #expect(message(#"{"nmae":"b"}"#) { r throws(JSONFieldError) in try r.finish(unknown: .ignore) } == nil)
    }

    @Test("a stranger's field name is escaped and cut, and its value never repeated")
    func hostileNames() throws {
        let name = "\u{1b}[31m\n\"" + String(repeating: "x", count: 5000)
        let object: JSON = .object(JSONObject([(name, "hunter2")]))
        let error = #expect(throws: JSONFieldError.self) {
            let reader = try JSONObjectReader(object)
            try reader.finish()
        }
        let message = try #require(error).message
        #expect(message.utf8.count < 200)
        #expect(message.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
        #expect(!message.contains("hunter2"))
    }
}
