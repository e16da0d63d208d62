import JOSE
import Testing

@Suite("JSON parsing")
struct JSONParserTests {
    @Test("every kind of value is read", arguments: [
        ("null", JSON.null), (" true ", true), ("false", false), ("0", 0), ("-0", 0), ("-12", -12),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("1.5", .double(1.5)), ("1e3", .double(1000)), ("-2.5E-1", .double(-0.25)), ("1e300", .double(1e300)),
        ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("\"\"", ""), ("\"h\u{e9}\u{1F600}\"", "h\u{e9}\u{1F600}"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9\ud83d\ude00""#, "A\u{e9}\u{1F600}"),
        (#""\u0000""#, "\0"), ("[]", []), ("[1 , [ ] ,{}]", [1, [], [:]]), ("{}", [:]),
        ("{\"b\":1,\n\t\"a\" : null}", ["b": 1, "a": .null]),
    ] as [(String, JSON)])
    func accepted(text: String, expected: JSON) throws {
        #expect(try JSON(parsing: text) == expected)
    }

    @Test("what is not strict JSON is refused, and says why", arguments: [
        ("", .endsTooEarly), (" ", .endsTooEarly), ("nul", .endsTooEarly), ("nulL", .unexpectedByte), ("True", .unexpectedByte),
        ("[1,]", .unexpectedByte), ("[,1]", .unexpectedByte), ("[1 2]", .unexpectedByte), ("{\"a\":1,}", .unexpectedByte),
        ("{a:1}", .unexpectedByte), ("{\"a\" 1}", .unexpectedByte), ("{'a':1}", .unexpectedByte), ("{1:1}", .unexpectedByte),
        ("[", .endsTooEarly), ("{\"a\":", .endsTooEarly), ("\"abc", .endsTooEarly), ("\"abc\\", .endsTooEarly),
        ("01", .invalidNumber), ("-01", .invalidNumber), ("1.", .endsTooEarly), ("1.e1", .invalidNumber), (".5", .unexpectedByte),
        ("+1", .unexpectedByte), ("-", .endsTooEarly), ("--1", .invalidNumber), ("1e", .endsTooEarly), ("1e+", .endsTooEarly),
        ("0x10", .bytesAfterTheEnd), ("NaN", .unexpectedByte), ("Infinity", .unexpectedByte), ("-Infinity", .invalidNumber),
        ("1e400", .numberOutOfRange), ("-1e400", .numberOutOfRange),
        ("1 1", .bytesAfterTheEnd), ("{}{}", .bytesAfterTheEnd), ("null\0", .bytesAfterTheEnd), ("\u{feff}1", .unexpectedByte),
        ("// x\n1", .unexpectedByte), ("\u{a0}1", .unexpectedByte), ("\u{b}1", .unexpectedByte),
        (#""\x""#, .invalidEscape), (#""\u12""#, .invalidEscape), (#""\u12g4""#, .invalidEscape), (#""\U0041""#, .invalidEscape),
        (#""\ud800""#, .loneSurrogate), (#""\ud800x""#, .loneSurrogate), (#""\udc00""#, .loneSurrogate),
        (#""\ud800\ud800""#, .loneSurrogate), (#""\udc00\ud800""#, .loneSurrogate), (#""\ud800\n""#, .loneSurrogate),
        ("\"a\nb\"", .controlCharacter), ("\"\0\"", .controlCharacter), ("\"\\n\u{1f}\"", .controlCharacter),
        (#"{"a":1,"a":1}"#, .duplicateName), (#"{"a":1,"\u0061":2}"#, .duplicateName), (#"[{"x":{"y":1,"z":2,"y":3}}]"#, .duplicateName),
    ] as [(String, JSONError.Problem)])
    func refused(text: String, problem: JSONError.Problem) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.problem == problem)
    }

    @Test("bytes that are not UTF-8 are refused", arguments: [
        [0x80], [0xC0, 0xAF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xC3], [0xF8, 0x88, 0x80, 0x80, 0x80],
    ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        for prefix in ["", "\\n"] {
            let text = [UInt8(ascii: "\"")] + Array(prefix.utf8) + bytes + [UInt8(ascii: "\"")]
            #expect(throws: JSONError.self) { try JSON(parsing: text) }
        }
    }

    @Test("a name given twice is found among many members too")
    func duplicateAmongMany() throws {
        let members = (0..<1000).map { "\"m\($0)\":\($0)" }.joined(separator: ",")
        let object = try #require(JSON(parsing: "{\(members)}").objectValue)
        #expect(object.members.count == 1000)
        #expect(object["m999"] == 999)
        #expect(throws: JSONError.self) { try JSON(parsing: "{\(members),\"m0\":1}") }
        #expect(throws: JSONError.self) { try JSON(parsing: "{\(members),\"m999\":1}") }
    }

    /// Half a megabyte of marks took half a minute to compare with a letter, before anybody was asked who he is.
    @Test("text that would take long to compare is refused, in names and values, in bytes and escapes; the own files are read", .timeLimit(.minutes(1)))
    func marks() throws {
        func text(_ marks: Int) -> String { "k" + (0..<marks).map { $0.isMultiple(of: 2) ? "\u{301}" : "\u{316}" }.joined() }
        func escaped(_ marks: Int) -> String { "k" + (0..<marks).map { $0.isMultiple(of: 2) ? "\\u0301" : "\\u0316" }.joined() }
        for write in [text, escaped] {
            for wrap in [{ #"{"kx":1,"\#($0)":1}"# }, { #"["\#($0)"]"# }, { #"{"a":{"b":"\#($0)"}}"# }] as [(String) -> String] {
                #expect(throws: Never.self) { try JSON(parsing: wrap(write(30))) }
                for count in [31, 1_000, 500_000] {
                    let error = #expect(throws: JSONError.self) { try JSON(parsing: wrap(write(count))) }
                    #expect(error?.problem == .tooManyMarks, "\(count)")
                }
            }
        }
        #expect(try JSON(trusting: Array(#"["\#(text(31))"]"#.utf8)).arrayValue?.count == 1)
    }

    @Test("many names that begin alike are told apart in time, and by their bytes", .timeLimit(.minutes(1)))
    func alikeNames() throws {
        let start = String(repeating: "e\u{301}", count: 20_000)
        for count in [8, 17, 40] {
            let members = (0..<count).map { "\"\(start)\($0)\":\($0)" }.joined(separator: ",")
            #expect(try JSON(parsing: "{\(members)}").objectValue?.members.count == count)
            #expect(throws: JSONError.self) { try JSON(parsing: "{\(members),\"\(start)0\":1}") }
        }
        #expect(try JSON(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")["e\u{301}"]?.integerValue == 2)
    }

    @Test("names are compared byte for byte: no spelling that is merely equivalent finds a member")
    func exactNames() throws {
        // U+212A KELVIN SIGN equals K for String, and is another name in JSON.
        let json = try JSON(parsing: "{\"\u{212A}\":1}")
        #expect(json["K"] == nil)
        #expect(json["\u{212A}"] == 1)
    }

    @Test("nesting is read to its bound, and refused one deeper")
    func depthBound() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSON(parsing: nested(32))
        #expect(throws: JSONError(problem: .tooDeep, offset: 32)) { try JSON(parsing: nested(33)) }
        #expect(throws: JSONError.self) { try JSON(parsing: nested(10_000)) }
        #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "{\"a\":", count: 10_000)) }
    }

    @Test("a number is read to its length bound, and refused one longer")
    func numberBound() throws {
        #expect(try JSON(parsing: "0." + String(repeating: "1", count: 126)) != .null)
        #expect(throws: JSONError(problem: .numberOutOfRange, offset: 0)) {
            try JSON(parsing: "0." + String(repeating: "1", count: 127))
        }
    }

    @Test("damaged texts never trap, and what parses comes out the same again", arguments: UInt64(0)..<40)
    func fuzz(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let original = Array(
            #"{"iss":"https://a","n":[1,-2.5e3,true,null,{"d":"\ud83d\ude00\u0000"}],"exp":1700000000,"é":"x\\y"}"#.utf8)
        for _ in 0..<250 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &generator)], at: at)
                case 2 where bytes.count > 1: bytes.remove(at: at)
                default: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                }
            }
            guard let json = try? JSON(parsing: bytes) else { continue }
            #expect(try JSON(parsing: json.encoded()) == json, "replay with seed \(seed)")
        }
    }
}
