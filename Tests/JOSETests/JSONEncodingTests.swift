import JOSE
import Testing

@Suite("JSON encoding")
struct JSONEncodingTests {
    @Test("the text is compact, in the members' order, with only the necessary escapes")
    func encoding() {
        let json: JSON = ["b": [1, -2, true, .null], "a": ["x": "q\"\\/\n\u{1}\u{1f}é\u{7f}"], "n": .double(0.1)]
        #expect(json.encodedString == "{\"b\":[1,-2,true,null],\"a\":{\"x\":\"q\\\"\\\\/\\n\\u0001\\u001fé\u{7f}\"},\"n\":0.1}")
    }

    @Test("numbers come back as they were", arguments: [0, 1.5, -2.5e-8, 1e300, Double.leastNonzeroMagnitude, 1.7976931348623157e308, 0.1, 123456789.125])
    func doubles(value: Double) throws {
        #expect(try JSON(parsing: JSON.double(value).encoded()) == .double(value))
    }

    @Test("a set member replaces, appends or disappears")
    func objectSubscript() {
        var object: JSONObject = ["a": 1, "b": 2]
        object["a"] = 3
        object["c"] = "x"
        object["b"] = nil
        #expect(JSON.object(object).encodedString == #"{"a":3,"c":"x"}"#)
    }
}
