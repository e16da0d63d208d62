import JOSE
import Testing

@Suite("Compact JWS")
struct JWSCompactTests {
    private func token(_ header: String, payload: String = "{}", signature: [UInt8] = [1, 2, 3]) -> String {
        [Array(header.utf8), Array(payload.utf8), signature].map(Base64URL.encode).joined(separator: ".")
    }

    private func parse(_ text: String) throws -> JWSCompact {
        let bytes = Array(text.utf8)
        return try JWSCompact(parsing: bytes.span)
    }

    @Test("the three parts and the signed bytes are found")
    func parts() throws {
        let text = token(#"{"typ":"JWT","alg":"ES256","kid":"k","x":1}"#, payload: "hello")
        let jws = try parse(text)
        #expect(jws.header.algorithm == .es256)
        #expect(jws.header.keyID == "k")
        #expect(jws.header.type == "JWT")
        #expect(jws.payload == Array("hello".utf8))
        #expect(jws.signature == [1, 2, 3])
        #expect(text.utf8.prefix(jws.signedByteCount).elementsEqual(text.split(separator: ".")[0...1].joined(separator: ".").utf8))
    }

    @Test("a name that is not exactly one of ours is no algorithm", arguments: [
        "none", "None", "NONE", "nOnE", "", "es256", "ES256 ", "ES256\\u0000", "hs512", "RS1", "ES521", "ES256K", "E\\u017f256",
    ])
    func unknownAlgorithms(name: String) throws {
        #expect(try parse(token("{\"alg\":\"\(name)\"}")).header.algorithm == nil)
    }

    @Test("wrong shapes are refused for what they are")
    func shapes() {
        let good = token(#"{"alg":"ES256"}"#)
        #expect(throws: JWSError.wrongSegmentCount(1)) { try parse("") }
        #expect(throws: JWSError.wrongSegmentCount(1)) { try parse("abc") }
        #expect(throws: JWSError.wrongSegmentCount(2)) { try parse("a.b") }
        #expect(throws: JWSError.wrongSegmentCount(4)) { try parse(good + ".") }
        #expect(throws: JWSError.wrongSegmentCount(5)) { try parse(good + ".AA.AA") }
        #expect(throws: JWSError.emptySegment(.header)) { try parse(".e30.AAAA") }
        #expect(throws: JWSError.emptySegment(.signature)) { try parse("e30.e30.") }
        #expect(throws: JWSError.notBase64URL(.header)) { try parse("e30=.e30.AAAA") }
        #expect(throws: JWSError.notBase64URL(.payload)) { try parse(good.replacing(".e30.", with: ".e30=.")) }
        #expect(throws: JWSError.notBase64URL(.payload)) { try parse(good.replacing(".e30.", with: ".e31.")) }
        #expect(throws: JWSError.notBase64URL(.signature)) { try parse(good + "\n") }
        #expect(throws: JWSError.headerNotAnObject) { try parse(token("[]")) }
        #expect(throws: JWSError.invalidHeaderField("alg")) { try parse(token("{}")) }
        #expect(throws: JWSError.invalidHeaderField("alg")) { try parse(token(#"{"alg":["ES256"]}"#)) }
        #expect(throws: JWSError.invalidHeaderField("alg")) { try parse(token(#"{"alg":null}"#)) }
        #expect(throws: JWSError.invalidHeaderField("kid")) { try parse(token(#"{"alg":"ES256","kid":1}"#)) }
        #expect(throws: JWSError.invalidHeaderField("kid")) { try parse(token(#"{"alg":"ES256","kid":null}"#)) }
        #expect(throws: JWSError.criticalExtension) { try parse(token(#"{"alg":"ES256","crit":["exp"]}"#)) }
        #expect(throws: JWSError.criticalExtension) { try parse(token(#"{"alg":"ES256","crit":[]}"#)) }
        #expect(throws: JWSError.unencodedPayload) { try parse(token(#"{"alg":"ES256","b64":false}"#)) }
        #expect(throws: JWSError.headerNotJSON(JSONError(problem: .duplicateName, offset: 15))) {
            try parse(token(#"{"alg":"ES256","alg":"none"}"#))
        }
    }

    @Test("the size bound holds at one more, before anything else is looked at")
    func size() throws {
        let frame = token(#"{"alg":"ES256"}"#, payload: "", signature: [1, 2, 3])
        let room = JWSCompact.bytesMax - frame.utf8.count
        let filled = frame.replacing("..", with: "." + String(repeating: "A", count: room) + ".")
        #expect(filled.utf8.count == JWSCompact.bytesMax)
        _ = try parse(filled)
        #expect(throws: JWSError.tooLarge(byteCount: 8193)) { try parse(filled + "A") }
        #expect(throws: JWSError.tooLarge(byteCount: 1 << 20)) { try parse(String(repeating: ".", count: 1 << 20)) }
    }
}
