import Crypto
import JOSE
import Testing
import Tokens
import TrustStore

/// Every token here is what an attacker, or a broken client, might send. Each must be refused, for
/// the right reason, by the verifier and by the explainer alike.
@Suite("Attacks")
struct AttackTests {
    private func expectRefused(
        _ token: [UInt8], _ view: TokenView, _ reason: RejectionReason, _ what: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(verdict(token, view).reason == reason, "\(what)", sourceLocation: sourceLocation)
        let cache = SignatureCache()
        #expect(verdict(token, view, cache: cache).reason == reason, "\(what), with a cache", sourceLocation: sourceLocation)
        #expect(verdict(token, view, cache: cache).reason == reason, "\(what), asked again", sourceLocation: sourceLocation)
        let explained = TokenExplainer.explain(token, in: view, now: World.now)
        #expect(explained.reason == reason, "\(what), explained", sourceLocation: sourceLocation)
        #expect(!explained.valid, sourceLocation: sourceLocation)
    }

    @Test("no spelling of none is an algorithm", arguments: ["none", "None", "NONE", "nOnE", "", "null", "es256", "HS513", "ES256K", "RS1", "ES521"])
    func algorithmNone(name: String) throws {
        let world = try World(.es256)
        let view = try world.view()
        expectRefused(try world.token(header: ["alg": .string(name)]), view, .unsupportedAlgorithm)
        let unsigned = Base64URL.encode(JSON.object(world.header(["alg": .string(name)])).encoded()) + "."
            + Base64URL.encode(JSON.object(world.claims()).encoded()) + "."
        expectRefused(Array(unsigned.utf8), view, .malformed, "empty signature")
        expectRefused(Array((unsigned + "AA").utf8), view, .unsupportedAlgorithm, "some signature")
    }

    @Test("a public key's bytes are no HMAC secret, in whatever form")
    func symmetryConfusion() throws {
        let world = try World(.es256, .hs256)
        let view = try world.view()
        let publicKey = try #require(world.keys[0].signing.verificationKey.publicKey)
        let (x, y) = try #require(publicKey.coordinates)
        let body = Base64.encode(publicKey.spki)
        let pem = "-----BEGIN PUBLIC KEY-----\n\(body.prefix(64))\n\(body.dropFirst(64))\n-----END PUBLIC KEY-----\n"
        let secrets: [[UInt8]] = [
            publicKey.spki, Array(pem.utf8), Array(pem.dropLast().utf8), Array(body.utf8), [4] + x + y, x, x + y,
            try JWK(publicKey).json.encoded(), Array(world.keys[0].id.utf8), Array(Base64URL.encode(x).utf8),
        ]
        let signed = Array((Base64URL.encode(JSON.object(world.header(["alg": "HS256"])).encoded()) + "."
            + Base64URL.encode(JSON.object(world.claims()).encoded())).utf8)
        for secret in secrets {
            let tag = HMAC(.sha256).authenticate(signed, key: SecretBytes(secret))
            expectRefused(signed + [UInt8(ascii: ".")] + Base64URL.encode(tag).utf8, view, .algorithmMismatch)
        }
    }

    @Test("signatures that no key made are refused", arguments: [JWSAlgorithm.es256, .edDSA, .hs256])
    func forgedSignatures(algorithm: JWSAlgorithm) throws {
        let world = try World(algorithm)
        let view = try world.view()
        let good = try world.token()
        let dot = try #require(good.lastIndex(of: UInt8(ascii: ".")))
        let signature = try #require(Base64URL.decode(String(decoding: good[(dot + 1)...], as: UTF8.self)))
        let order: [UInt8] = [
            0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
            0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
        ]
        let zero = [UInt8](repeating: 0, count: 32)
        let one = Array(zero.dropLast()) + [1]
        let forgeries: [[UInt8]] = [
            zero + zero, zero + one, one + zero, one + one, order + order, zero + order, order + one, one + order,
            [UInt8](repeating: 0xFF, count: 64), Array(signature.reversed()), signature + signature, signature + [0],
            [0] + signature, Array(signature.dropLast()), [0x30, 0x06, 2, 1, 1, 2, 1, 1], [0x30, 0x06, 2, 1, 0, 2, 1, 0],
            [0], Array(signature.prefix(16)),
        ]
        for forgery in forgeries where forgery != signature {
            expectRefused(Array(good[...dot]) + Array(Base64URL.encode(forgery).utf8), view, .badSignature, "\(forgery.count) bytes")
        }
    }

    @Test("signatures of zeros, ones, the order, or of another length are refused under every key", arguments: JWSAlgorithm.allCases)
    func degenerateSignatures(algorithm: JWSAlgorithm) throws {
        let world = try World(algorithm)
        let view = try world.view()
        let good = try world.token()
        let dot = try #require(good.lastIndex(of: UInt8(ascii: ".")))
        let count = world.keys[0].signing.verificationKey.signatureByteCount
        var one = [UInt8](repeating: 0, count: count)
        one[count - 1] = 1
        var halves = one
        halves[count / 2 - 1] = 1
        let forgeries: [[UInt8]] = [
            [UInt8](repeating: 0, count: count), one, halves, [UInt8](repeating: 0xFF, count: count), [UInt8](repeating: 0, count: count - 1),
            [UInt8](repeating: 1, count: count + 1), [1],
        ]
        for forgery in forgeries {
            expectRefused(Array(good[...dot]) + Array(Base64URL.encode(forgery).utf8), view, .badSignature, "\(forgery.count) bytes")
        }
    }

    @Test("a token of another cluster is unknown here, also under the same issuer and with its kid spelt the same")
    func otherCluster() throws {
        let ours = try World(.es256), theirs = try World(.es256)
        expectRefused(try theirs.token(), try ours.view(), .unknownKey)
        var disguised = theirs
        disguised.keys[0].keyID = ours.keys[0].id
        expectRefused(try disguised.token(), try ours.view(), .badSignature)
    }

    @Test("an id that no log would take, and a line of origin that cannot be read, are refused: they could not be revoked")
    func irrevocable() throws {
        let world = try World(.es256)
        let view = try world.view()
        for id in ["a b", "\u{E9}", "a\0", String(repeating: "x", count: 257)] { expectRefused(try world.token(claims: ["jti": .string(id)]), view, .malformed, id) }
        for line in ["x", 5, .object([:]), [1], .strings((0..<9).map { "\($0)" })] as [JSON] {
            for name in ["parent_jti", "parent_kid", "parent_client"] { expectRefused(try world.token(claims: [name: line]), view, .malformed, "\(name) \(line)") }
        }
        for time in ["1", .double(1.5), .null, []] as [JSON] { expectRefused(try world.token(claims: ["parent_iat": time]), view, .malformed, "parent_iat \(time)") }
    }

    @Test("nesting beyond all sense is refused, in the header and in the claims")
    func nesting() throws {
        let world = try World(.es256)
        let view = try world.view()
        for depth in [33, 1_000, 3_000] {
            let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            expectRefused(try world.token(payload: Array(#"{"sub":\#(deep)}"#.utf8)), view, .malformed, "claims \(depth)")
        }
        let header = #"{"alg":"ES256","x":\#(String(repeating: "{\"a\":", count: 500))1\#(String(repeating: "}", count: 500))}"#
        expectRefused(try world.token(header: Array(header.utf8), payload: Array("{}".utf8)), view, .malformed)
    }

    @Test("an ECDSA signature in DER is refused")
    func derSignature() throws {
        let world = try World(.es256)
        let good = try world.token()
        let dot = try #require(good.lastIndex(of: UInt8(ascii: ".")))
        expectRefused(Array(good[...dot]) + Array(Base64URL.encode(try derForm(good)).utf8), try world.view(), .badSignature)
    }

    @Test("a kid is only ever a key's name, never a path, a query or a shorter string", arguments: [
        "", " ", "../../../../dev/null", "/dev/null", "file:///etc/passwd", "' OR '1'='1", "x' UNION SELECT 'secret'--", "\0", "%00", "$(id)",
        "*", "_", "%", "\u{202e}", String(repeating: "k", count: 5000),
    ])
    func hostileKeyIDs(keyID: String) throws {
        let world = try World(.es256, .hs256)
        let view = try world.view()
        expectRefused(try world.token(header: ["kid": .string(keyID)]), view, .unknownKey)
        if !keyID.isEmpty { expectRefused(try world.token(header: ["kid": .string(world.keys[0].id + keyID)]), view, .unknownKey, "appended") }
    }

    @Test("names that take long to compare are refused before anything is compared with them, however many keys there are", .timeLimit(.minutes(1)))
    func slowNames() throws {
        var world = try World(.es256)
        world.keys += try (0..<200).map { _ in try World.Key(.hs256) }
        let view = try world.view()
        let marks = "k" + String(repeating: "\u{301}", count: 1_400) + String(repeating: "\u{316}", count: 1_400)
        for name in ["alg", "kid", "typ"] {
            expectRefused(try world.token(header: [name: .string(marks)]), view, .malformed, name)
        }
        for name in ["iss", "sub", "jti", "scope"] { expectRefused(try world.token(claims: [name: .string(marks)]), view, .malformed, name) }
        // Few enough to be text: refused for what it is.
        let few = "E\u{301}\u{316}"
        expectRefused(try world.token(header: ["alg": .string(few)]), view, .unsupportedAlgorithm)
        expectRefused(try world.token(header: ["kid": .string(few)]), view, .unknownKey)
    }

    @Test("a kid that only reads like a key's names no key")
    func equivalentKeyID() throws {
        var world = try World(.es256)
        world.keys[0].keyID = "K"
        let view = try world.view()
        #expect(verdict(try world.token(), view).reason == nil)
        // U+212A KELVIN SIGN.
        expectRefused(try world.token(header: ["kid": "\u{212A}"]), view, .unknownKey)
    }

    @Test("without a kid there is no key, however few there are to guess from")
    func absentKeyID() throws {
        let world = try World(.es256)
        let view = try world.view()
        expectRefused(try world.token(header: ["kid": nil]), view, .unknownKey)
        expectRefused(try world.token(header: ["kid": .some(.null)]), view, .malformed)
        expectRefused(try world.token(header: ["kid": 1]), view, .malformed)
        expectRefused(try world.token(header: ["kid": [.string(world.keys[0].id)]]), view, .malformed)
    }

    @Test("a key that the token brings along is not looked at")
    func embeddedKey() throws {
        let world = try World(.es256)
        let attacker = try World(.es256)
        let jwk = try JWK(try #require(attacker.keys[0].signing.verificationKey.publicKey)).json
        for (name, value) in [("jwk", jwk), ("jku", "https://attacker.test/jwks"), ("x5u", "https://attacker.test/c"), ("x5c", ["AAAA"])] as [(String, JSON)] {
            let header = JSON.object(world.header([name: value])).encoded()
            expectRefused(try attacker.token(header: header, payload: JSON.object(world.claims()).encoded()), try world.view(), .badSignature)
            expectRefused(try attacker.token(header: [name: value]), try world.view(), .unknownKey)
        }
    }

    @Test("a header that can be read in two ways is refused")
    func ambiguousHeaders() throws {
        let world = try World(.es256)
        let view = try world.view()
        let kid = world.keys[0].id
        for text in [
            #"{"alg":"ES256","alg":"none","kid":"\#(kid)"}"#, #"{"alg":"ES256","kid":"\#(kid)","\u0061lg":"none"}"#,
            #"{"alg":"ES256","kid":"\#(kid)","kid":"x"}"#, #"{"alg":"ES256","kid":"\#(kid)","crit":["exp"]}"#,
            #"{"alg":"ES256","kid":"\#(kid)","crit":[]}"#, #"{"alg":"ES256","kid":"\#(kid)","b64":false,"crit":["b64"]}"#,
            #"{"alg":"ES256","kid":"\#(kid)","b64":true}"#, #"{"alg":"ES256","kid":"\#(kid)"}x"#, #"["ES256"]"#, "\"ES256\"", "",
            #"{"alg":"ES256","kid":"\#(kid)","x":"\ud800"}"#, #"{"alg":["ES256"],"kid":"\#(kid)"}"#, #"{"kid":"\#(kid)"}"#,
            #"{"alg":"ES256","kid":"\#(kid)","typ":5}"#, #"{"alg":"ES256","kid":"\#(kid)","typ":"statuslist+jwt"}"#,
            #"{"alg":"ES256","kid":"\#(kid)","typ":""}"#, "{\"alg\":\"ES256\",\"kid\":\"\(kid)\",\"x\":" + String(repeating: "[", count: 3000),
        ] {
            expectRefused(try world.token(header: Array(text.utf8), payload: JSON.object(world.claims()).encoded()), view, .malformed, text)
        }
    }

    @Test("claims that are no strict JSON object are refused, even signed")
    func ambiguousClaims() throws {
        let world = try World(.es256)
        let view = try world.view()
        let good = String(JSON.object(world.claims()).encodedString.dropLast())
        let broken: [String] = [
            good + #","exp":9999999999}"#, good + #","x":"\udc00"}"#, good + "}{}", good + ",}", good, "", "[]", "null",
            good + ",\"x\":" + String(repeating: "[", count: 33) + String(repeating: "]", count: 33) + "}",
            good + ",\"x\":\"\u{1}\"}", good + ",\"x\":01}", good + ",\"x\":1e999}",
        ]
        for text in broken { expectRefused(try world.token(payload: Array(text.utf8)), view, .malformed, text) }
        expectRefused(try world.token(payload: Array(good.utf8) + Array(",\"x\":\"".utf8) + [0xFF] + Array("\"}".utf8)), view, .malformed, "UTF-8")
        let deep = Array(repeating: UInt8(ascii: "["), count: 5_500)
        expectRefused(try world.token(payload: deep), view, .malformed, "nested 5,500 deep, within the size bound")
    }

    @Test("tokens beyond the size bound are refused unread", arguments: [8193, 10_000, 1 << 20])
    func tooLong(count: Int) throws {
        let world = try World(.es256)
        let view = try world.view()
        let good = try world.token()
        expectRefused(good + [UInt8](repeating: UInt8(ascii: "A"), count: count - good.count), view, .malformed)
        expectRefused([UInt8](repeating: UInt8(ascii: "."), count: count), view, .malformed)
        let nested = [UInt8](repeating: UInt8(ascii: "["), count: 10_000)
        expectRefused(try world.token(payload: nested), view, .malformed, "nested 10,000 deep")
    }

    @Test("a token that is exactly as long as allowed is accepted, one byte more is not")
    func sizeBound() throws {
        let world = try World(.edDSA)
        let view = try world.view()
        let frame = try world.token(claims: ["x": ""])
        var fill = (JWSCompact.bytesMax - frame.count) / 4 * 3 - 8
        var token = frame
        while token.count <= JWSCompact.bytesMax {
            #expect(verdict(token, view).accepted != nil, "\(token.count) bytes")
            fill += 1
            token = try world.token(claims: ["x": .string(String(repeating: "x", count: fill))])
        }
        #expect(token.count <= JWSCompact.bytesMax + 2)
        expectRefused(token, view, .malformed)
    }

    @Test("other shapes than three strict segments are refused")
    func shapes() throws {
        let world = try World(.es256)
        let view = try world.view()
        let good = try world.token()
        let text = String(decoding: good, as: UTF8.self)
        let parts = text.split(separator: ".").map(String.init)
        #expect(verdict(good, view).accepted != nil)
        for broken in [
            "", ".", "..", "...", text + ".", "." + text, text.replacing(".", with: ".."), parts[0], parts[0] + "." + parts[1],
            parts[0] + "." + parts[1] + ".", "." + parts[1] + "." + parts[2], parts.joined(separator: ".") + "." + parts[2],
            parts[0] + "=." + parts[1] + "." + parts[2], text + "=", text + "==", text + "\n", " " + text, "Bearer " + text,
            "\"" + text + "\"", text.replacing(".", with: "。"), text + "\0", "\u{feff}" + text, text.replacing(".", with: "%2E"),
            parts[0] + ".." + parts[2],
        ] {
            expectRefused(Array(broken.utf8), view, .malformed, broken)
        }
    }

    @Test("every change of a single byte is refused", arguments: [JWSAlgorithm.es256, .edDSA, .hs256])
    func singleByteChanges(algorithm: JWSAlgorithm) throws {
        let world = try World(algorithm)
        let view = try world.view()
        let good = try world.token()
        let cache = SignatureCache()
        #expect(verdict(good, view, cache: cache).accepted != nil)
        var generator = SeededGenerator(seed: 1)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=".utf8)
        for position in good.indices {
            var changes: Set<UInt8> = [good[position] ^ 1, good[position] ^ 0x20, good[position] ^ 0x80]
            changes.insert(alphabet[Int.random(in: alphabet.indices, using: &generator)])
            for byte in changes where byte != good[position] {
                var changed = good
                changed[position] = byte
                #expect(verdict(changed, view, cache: cache).reason != nil, "byte \(position) as \(byte)")
            }
        }
    }

    @Test("a damaged token is refused, and explained with the same reason", arguments: UInt64(0)..<12)
    func mutations(seed: UInt64) throws {
        let world = try World(.edDSA, .hs256)
        let view = try world.view()
        let tokens = [try world.token(), try world.token(key: 1)]
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<80 {
            let original = tokens[Int.random(in: 0...1, using: &generator)]
            var token = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let at = Int.random(in: 0..<token.count, using: &generator)
                let other = Int.random(in: 0..<token.count, using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: token[at] = UInt8.random(in: 0...255, using: &generator)
                case 1: token.insert(token[other], at: at)
                case 2 where token.count > 1: token.remove(at: at)
                case 3 where token.count > 2: token.removeSubrange(min(at, other)..<max(at, other))
                default: token.swapAt(at, other)
                }
                if token.isEmpty { token = [0] }
            }
            guard token != original else { continue }
            let reason = verdict(token, view).reason
            #expect(reason != nil, "replay with seed \(seed)")
            #expect(TokenExplainer.explain(token, in: view, now: World.now).reason == reason, "replay with seed \(seed)")
        }
    }

    @Test("segments of two good tokens do not make a third")
    func splicing() throws {
        let world = try World(.es256, .es256)
        let view = try world.view()
        let tokens = try [world.token(), world.token(claims: ["sub": "root", "jti": "token-2"]), world.token(key: 1)]
        let parts = tokens.map { $0.split(separator: UInt8(ascii: ".")) }
        for header in 0..<3 {
            for payload in 0..<3 {
                for signature in 0..<3 where !(header == payload && payload == signature) {
                    let mixed = Array([parts[header][0], parts[payload][1], parts[signature][2]].joined(separator: [UInt8(ascii: ".")]))
                    let isSame = tokens.contains(mixed)
                    #expect(isSame == (verdict(mixed, view).accepted != nil))
                }
            }
        }
    }
}

/// The same signature as openssl would write it.
func derForm(_ token: [UInt8]) throws -> [UInt8] {
    let text = try #require(token.split(separator: UInt8(ascii: ".")).last)
    let raw = try #require(Base64URL.decode(String(decoding: text, as: UTF8.self)))
    func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var magnitude = Array(bytes.drop { $0 == 0 })
        if magnitude.first.map({ $0 >= 0x80 }) ?? true { magnitude.insert(0, at: 0) }
        return [0x02, UInt8(magnitude.count)] + magnitude
    }
    let content = integer(raw[..<32]) + integer(raw[32...])
    return [0x30, UInt8(content.count)] + content
}
