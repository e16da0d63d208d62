import JOSE
import Testing
import Tokens
import TrustStore

@Suite("Minting")
struct TokenMinterTests {
    private func mint(_ world: World, _ change: (inout MintRequest) -> Void = { _ in }) throws -> MintedToken {
        var request = MintRequest(subject: "bob", scopes: ["read", "deploy"])
        change(&request)
        return try TokenMinter.mint(request, in: try world.view(), now: World.now)
    }

    @Test("what is minted is accepted at once, with what was asked for", arguments: JWSAlgorithm.allCases)
    func roundTrip(algorithm: JWSAlgorithm) throws {
        let world = try World(algorithm)
        let minted = try mint(world) { request in
            request.audiences = ["billing"]
            request.claims = ["team": "blue", "deep": ["a": [1]]]
            request.lifetimeSeconds = 60
        }
        let token = try #require(verdict(Array(minted.token.utf8), try world.view(), Expectation(scope: "read deploy", audience: "billing")).accepted)
        #expect(token.method == .cluster && token.subject == "bob" && token.tokenID == minted.id && token.keyID == minted.keyID)
        #expect(token.scopes.names == ["read", "deploy"] && token.audiences == ["billing"])
        #expect(token.expiresAt == minted.expiresAt && minted.expiresAt == World.now + 60 && token.issuedAt == World.now)
        #expect(token.claims["team"] == "blue" && token.claims["Allow"] == ["read", "deploy"] && token.claims["scope"] == "read deploy")
        #expect(Base64URL.decode(minted.id)?.count == 16)
        #expect(TokenExplainer.explain(Array(minted.token.utf8), in: try world.view(), now: World.now).valid)
    }

    @Test("a token ends no later than the one it is made from, whichever clock says how long that is")
    func latestEnd() throws {
        var world = try World(.es256)
        // The newest stamp is ahead of this member's clock by more than is tolerated, so that it decides.
        world.appliedAtMilliseconds = (World.now + 100) * 1_000
        let minted = try mint(world) { request in
            request.lifetimeSeconds = 60
            request.expiresAtMax = World.now + 120
        }
        #expect(minted.issuedAt == World.now + 95 && minted.expiresAt == World.now + 120)
    }

    @Test("a minted token does not print itself")
    func redacted() throws {
        let minted = try mint(try World(.hs256))
        var dumped = ""
        dump(minted, to: &dumped)
        for text in ["\(minted)", String(reflecting: minted), dumped] { #expect(!text.contains(minted.token)) }
    }

    @Test("no two tokens share an id")
    func uniqueIDs() throws {
        let world = try World(.hs256)
        #expect(Set(try (0..<50).map { _ in try mint(world).id }).count == 50)
    }

    @Test("the newest active key of the algorithm signs; pending, retiring and retired ones never do")
    func keyChoice() throws {
        var world = try World(.es256, .es256, .edDSA, .es256)
        world.keys[1].activatedAt = World.now - 10
        world.keys[3].state = .pending
        world.keys[3].activatedAt = World.now
        #expect(try mint(world) { $0.algorithm = .es256 }.keyID == world.keys[1].id)
        world.keys[1].retireAfter = World.now
        #expect(try mint(world) { $0.algorithm = .es256 }.keyID == world.keys[0].id)
        world.keys[0].state = .retiring
        #expect(throws: MintError.noActiveKey(.es256)) { try mint(world) { $0.algorithm = .es256 } }
        #expect(throws: MintError.noActiveKey(.hs256)) { try mint(world) { $0.algorithm = .hs256 } }
        #expect(try mint(world).keyID == world.keys[2].id)
        world.keys[2].state = .retired
        #expect(throws: MintError.noActiveKey(nil)) { try mint(world) }
    }

    @Test("a request that breaks a rule is refused by the field's name")
    func rules() throws {
        let world = try World(.hs256)
        func field(_ change: (inout MintRequest) -> Void) -> String? {
            do {
                _ = try mint(world, change)
                return nil
            } catch MintError.invalid(let error) {
                return error.field
            } catch {
                return "\(error)"
            }
        }
        #expect(field { $0.subject = "" } == "subject")
        #expect(field { $0.subject = "a\nb" } == "subject")
        #expect(field { $0.subject = "a\u{85}b" } == "subject")
        #expect(field { $0.subject = String(repeating: "x", count: 256) } == nil)
        #expect(field { $0.subject = String(repeating: "x", count: 257) } == "subject")
        for scope in ["", "a b", "a\"b", "a\\b", "é", "a\t"] { #expect(field { $0.scopes = [scope] } == "scopes") }
        #expect(field { $0.scopes = ["read", "read"] } == "scopes")
        #expect(field { $0.scopes = (0..<64).map { "s\($0)" } } == nil)
        #expect(field { $0.scopes = (0..<65).map { "s\($0)" } } == "scopes")
        #expect(field { $0.audiences = [""] } == "audience")
        #expect(field { $0.audiences = Array(repeating: "a", count: 17) } == "audience")
        #expect(field { $0.lifetimeSeconds = 0 } == "expires_in")
        #expect(field { $0.lifetimeSeconds = .max } == "expires_in")
        #expect(field { $0.lifetimeSeconds = 31_536_000 } == nil)
        #expect(field { $0.lifetimeSeconds = 31_536_001 } == "expires_in")
        #expect(field { $0.notBeforeAt = World.now + 3600 } == "not_before")
        #expect(field { $0.notBeforeAt = .max } == "not_before")
        #expect(field { $0.notBeforeAt = -1 } == "not_before")
        for name in MintRequest.reservedClaims { #expect(field { $0.claims = JSONObject([(name, "x")]) } == "claims.\(name)") }
        #expect(field { $0.certificateFingerprint = "ab" } == "certificate_fingerprint")
        #expect(field { $0.name = "a\u{1b}[0m" } == "name")
        #expect(field { $0.claims = ["x": .string(String(repeating: "x", count: 8000))] } == "\(MintError.tooLarge)")
    }

    @Test("a bound token is good with its certificate only")
    func bound() throws {
        let world = try World(.es256)
        let fingerprint = String(repeating: "0f", count: 32)
        let token = Array(try mint(world) { $0.certificateFingerprint = fingerprint }.token.utf8)
        #expect(verdict(token, try world.view()).reason == .certificateBindingMismatch)
        #expect(verdict(token, try world.view(), Expectation(clientCertificateThumbprint: fingerprint)).reason == nil)
    }

    @Test("a token for later is not good yet")
    func notBefore() throws {
        let world = try World(.es256)
        let token = Array(try mint(world) { $0.notBeforeAt = World.now + 100 }.token.utf8)
        #expect(verdict(token, try world.view()).reason == .notYetValid)
        #expect(verdict(token, try world.view(), now: World.now + 95).reason == nil)
    }

    @Test("the body of a request is read strictly")
    func body() throws {
        let request = try MintRequest(JSON(parsing:
            #"{"subject":"a","scopes":["read"],"audience":"x","expires_in":60,"not_before":5,"algorithm":"EdDSA","claims":{"k":1},"name":"n","certificate_fingerprint":"ab"}"#))
        #expect(request.subject == "a" && request.scopes == ["read"] && request.audiences == ["x"] && request.lifetimeSeconds == 60)
        #expect(request.notBeforeAt == 5 && request.algorithm == .edDSA && request.claims["k"] == 1 && request.name == "n")
        #expect(try MintRequest(["subject": "a", "scopes": [], "audience": ["x", "y"]]).audiences == ["x", "y"])
        func message(_ text: String) -> String? {
            do {
                _ = try MintRequest(JSON(parsing: text))
                return nil
            } catch {
                return "\(error)"
            }
        }
        #expect(message(#"{"scopes":[]}"#) == #"field "subject" is required"#)
        #expect(message(#"{"subject":"a","scopes":"read"}"#) == #"field "scopes" must be an array"#)
        #expect(message(#"{"subject":"a","scopes":[],"expires":5}"#) == #"unknown field "expires""#)
        #expect(message(#"{"subject":"a","scopes":[],"algorithm":"none"}"#) == #"field "algorithm" must be one of ES256, ES384, ES512, EdDSA, RS256, RS384, RS512, PS256, PS384, PS512, HS256, HS384, HS512"#)
        #expect(message(#"{"subject":"a","scopes":[],"claims":[]}"#) == #"field "claims" must be a JSON object"#)
        #expect(message(#"{"subject":"a","scopes":[],"audience":5}"#) == #"field "audience" must be an array"#)
    }
}
