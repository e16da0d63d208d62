import Crypto
import JOSE
import Testing
import Tokens
import TrustStore

@Suite("Explaining")
struct TokenExplainerTests {
    private func explain(_ token: String, _ world: World, now: Int64 = World.now, _ expectation: Expectation = Expectation()) throws -> Explanation {
        TokenExplainer.explain(Array(token.utf8), in: try world.view(), now: now, expecting: expectation)
    }

    private func text(_ token: [UInt8]) -> String { String(decoding: token, as: UTF8.self) }

    private func step(_ explanation: Explanation, _ check: Explanation.Check) throws -> Explanation.Step {
        try #require(explanation.steps.first { $0.check == check })
    }

    @Test("every check appears once and in order, whatever the token is")
    func order() throws {
        let world = try World(.es256)
        let good = text(try world.token())
        for token in [good, "", "x", "a.b.c", good + "A", text(try world.token(header: ["alg": "none"])), text(try world.token(header: ["kid": "x"])),
                      text(try world.token(claims: ["exp": "x"])), String(repeating: "x", count: 9000)] {
            #expect(try explain(token, world).steps.map(\.check) == Explanation.Check.allCases.filter { $0 != .freshness })
        }
        #expect(try explain(good, world).valid)
        #expect(try explain(good, world).steps.allSatisfy { $0.outcome != .fail && $0.hint == nil })
    }

    @Test("scope and audience are checked when asked for, else said to be skipped")
    func asked() throws {
        let world = try World(.es256)
        let token = text(try world.token(claims: ["aud": "x"]))
        #expect(try step(explain(token, world), .scope).outcome == .skipped)
        #expect(try step(explain(token, world), .audience).outcome == .skipped)
        let explanation = try explain(token, world, Expectation(scope: "admin", audience: "y"))
        #expect(explanation.reason == .audienceMismatch)
        #expect(try step(explanation, .scope).outcome == .fail)
        #expect(try step(explanation, .audience).detail == #"asked for "y", the token names "x""#)
        #expect(try step(explain(token, world, Expectation(scope: "read", audience: "x")), .scope).outcome == .pass)
    }

    @Test("what was pasted along with a token is named, and whether it is good without it")
    func pasted() throws {
        let world = try World(.es256)
        let good = text(try world.token())
        for (pasted, words) in [
            ("Bearer " + good, "the word Bearer"), ("bearer  " + good, "the word Bearer"), ("\"\(good)\"", "quotes"), ("'\(good)'", "quotes"),
            (good + "\n", "white space"), ("  \(good)\r\n", "white space"), ("\"Bearer \(good)\"\n", "Bearer"),
            (good.replacing(".", with: ".\n"), "white space or a line break inside"),
        ] {
            let explanation = try explain(pasted, world)
            let hint = try #require(try step(explanation, .form).hint)
            #expect(explanation.reason == .malformed)
            #expect(hint.contains(words) && hint.contains("accepted"), "\(hint)")
        }
        let expired = text(try world.token(claims: ["exp": 5]))
        #expect(try #require(step(explain("Bearer " + expired, world), .form).hint).contains("still refused: expired"))
    }

    @Test("padding, the standard alphabet, missing and surplus segments are named")
    func forms() throws {
        let world = try World(.es256)
        let good = text(try world.token())
        let parts = good.split(separator: ".").map(String.init)
        func hint(_ token: String) throws -> String { try step(explain(token, world), .form).hint ?? "" }
        #expect(try hint(good + "==").contains("padding"))
        #expect(try hint(good + "==").contains("accepted"))
        let standard = text(try world.token(claims: ["x": "\u{3ff}\u{3ff}\u{3ff}>>>???~~~"])).replacing("-", with: "+").replacing("_", with: "/")
        #expect(standard.contains("+") || standard.contains("/"))
        #expect(try hint(standard).contains("standard base64"))
        #expect(try hint(standard).contains("accepted"))
        #expect(try hint(parts[0] + "." + parts[1]).contains("signature"))
        #expect(try hint("a.b.c.d.e").contains("encrypted"))
        #expect(try hint("{\"payload\":\"x\"}").contains("JSON"))
        #expect(try hint("") == "there is no token")
    }

    @Test("a DER signature is recognised")
    func der() throws {
        let world = try World(.es256)
        let token = try world.token()
        let dot = try #require(token.lastIndex(of: UInt8(ascii: ".")))
        let changed = text(Array(token[...dot])) + Base64URL.encode(try derForm(token))
        let signature = try step(explain(changed, world), .signature)
        #expect(signature.outcome == .fail)
        #expect(try #require(signature.hint).contains("DER"))
        let cut = text(Array(token.dropLast(20)))
        #expect(try step(explain(cut, world), .signature).hint?.contains("DER") != true)
    }

    @Test("times in milliseconds, a clock ahead and an old token are named with numbers")
    func times() throws {
        let world = try World(.es256)
        let milliseconds = text(try world.token(claims: ["exp": .integer((World.now + 600) * 1000), "nbf": .integer(World.now * 1000)]))
        let early = try step(explain(milliseconds, world), .times)
        #expect(early.outcome == .fail)
        #expect(try #require(early.hint).contains("exp, nbf looks like milliseconds"))
        let onlyExp = try explain(text(try world.token(claims: ["exp": .integer((World.now + 600) * 1000)])), world)
        #expect(onlyExp.valid)
        #expect(try #require(step(onlyExp, .times).hint).contains("milliseconds"))
        let ahead = try step(explain(text(try world.token(claims: ["nbf": .integer(World.now + 47)])), world), .times)
        #expect(try #require(ahead.hint).contains("47 s ahead"))
        let old = try step(explain(text(try world.token(claims: ["exp": .integer(World.now - 61)])), world), .times)
        #expect(old.detail.contains("expired 61 s ago"))
        #expect(old.detail.contains("2027-01-15T08:00:00Z"))
    }

    @Test("a member whose own clock is behind is told so")
    func slowClock() throws {
        var world = try World(.es256)
        world.appliedAtMilliseconds = (World.now + 1000) * 1000
        let times = try step(explain(text(try world.token()), world), .times)
        #expect(try #require(times.hint).contains("behind the cluster's by about 1000 s"))
    }

    @Test("retired, unknown, mismatched keys and names in the wrong case are told apart")
    func keys() throws {
        var world = try World(.es256, .hs256)
        let token = text(try world.token())
        #expect(try #require(step(explain(text(try world.token(header: ["alg": "es256"])), world), .algorithm).hint).contains("ES256"))
        #expect(try #require(step(explain(text(try world.token(header: ["alg": "HS256"])), world), .key).hint).contains("sign with ES256"))
        #expect(try #require(step(explain(text(try world.token(header: ["kid": nil])), world), .key).hint).contains("carry a kid"))
        #expect(try step(explain(text(try world.token(header: ["kid": "\u{1b}[2Jx"])), world), .key).detail.contains("\\u{1b}"))
        world.keys[0].state = .retired
        world.keys[0].retiredAt = World.now - 90
        let key = try step(explain(token, world), .key)
        #expect(key.detail.contains("since \(World.now - 90)") && key.detail.contains("90 s ago"))
        world.keys = [world.keys[1]]
        let unknown = try explain(token, world)
        #expect(unknown.reason == .unknownKey)
        #expect(try step(unknown, .signature).outcome == .skipped)
        #expect(try step(unknown, .times).outcome == .pass)
    }

    @Test("a revoked token says by which entry, when, by whom and why")
    func revoked() throws {
        var world = try World(.es256)
        world.revoked = ["token-1"]
        let explanation = try explain(text(try world.token()), world)
        #expect(explanation.reason == .tokenRevoked)
        let detail = try step(explanation, .revocation).detail
        for part in ["entry 77", String(World.now - 60), "\"alice\"", "\"lost laptop\""] { #expect(detail.contains(part)) }
    }

    @Test("an issuer that differs only in its slash, and admin without a custom scope, are named")
    func nearMisses() throws {
        let world = try World(.es256)
        let slash = try explain(text(try world.token(claims: ["iss": .string(world.issuer + "/")])), world)
        #expect(try #require(step(slash, .issuer).hint).contains("slash"))
        let custom = try explain(text(try world.token(claims: ["scope": "admin", "Allow": ["admin"]])), world, Expectation(scope: "deploy"))
        #expect(try #require(step(custom, .scope).hint).contains("admin does not include"))
    }

    @Test("no explanation repeats the token's signature", arguments: JWSAlgorithm.allCases)
    func signatureIsNotEchoed(algorithm: JWSAlgorithm) throws {
        let world = try World(algorithm)
        let token = text(try world.token())
        let signature = String(try #require(token.split(separator: ".").last))
        for variant in [token, token + "=", "Bearer " + token, token + ".", token.replacing(".", with: ". "), "\(signature).\(signature).\(signature)"] {
            let written = try explain(variant, world).json.encodedString
            #expect(!written.contains(signature))
            #expect(!written.contains(signature.prefix(20)))
        }
    }

    @Test("the JSON form is the documented one")
    func json() throws {
        let world = try World(.es256)
        let json = try explain("x", world).json
        #expect(json["valid"] == false && json["reason"] == "malformed")
        let steps = try #require(json["steps"]?.arrayValue)
        #expect(steps[0]["check"] == "size" && steps[0]["outcome"] == "pass")
        #expect(steps[1]["outcome"] == "fail" && steps[2]["outcome"] == "skipped")
    }
}
