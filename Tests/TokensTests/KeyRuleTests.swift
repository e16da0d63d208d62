import Crypto
import JOSE
import Testing
import Tokens
import TrustStore

@Suite("Rules about keys, revocation and clocks")
struct KeyRuleTests {
    @Test("a key verifies until it is retired", arguments: [
        (.pending, nil), (.active, nil), (.retiring, nil), (.retired, .keyRetired),
    ] as [(SigningKeyState, RejectionReason?)])
    func states(state: SigningKeyState, expected: RejectionReason?) throws {
        var world = try World(.es256)
        let token = try world.token()
        world.keys[0].state = state
        #expect(verdict(token, try world.view()).reason == expected)
    }

    @Test("a key's time is over at the moment it was given, command or not")
    func retireAfter() throws {
        var world = try World(.es256)
        let token = try world.token()
        world.keys[0].state = .retiring
        world.keys[0].retireAfter = World.now + 1
        #expect(verdict(token, try world.view()).reason == nil)
        #expect(verdict(token, try world.view(), now: World.now + 1).reason == .keyRetired)
    }

    @Test("a removed key is unknown, and so is one that the ring holds but the state does not")
    func removed() throws {
        var world = try World(.es256)
        let token = try world.token()
        let ring = try world.view().keys
        world.keys = []
        let view = TokenView(state: try world.view().state, keys: ring)
        #expect(verdict(token, view).reason == .unknownKey)
    }

    @Test("a key that this member could not unseal verifies if it has a public half, and never signs")
    func sealed() throws {
        let world = try World(.es256, .hs256)
        let state = try world.view().state
        let view = TokenView(state: state, keys: KeyRing().updated(to: state, unseal: { _ in nil }, unsealImported: { _ in nil }))
        #expect(verdict(try world.token(key: 0), view).reason == nil)
        #expect(verdict(try world.token(key: 1), view).reason == .unknownKey)
        #expect(throws: MintError.noActiveKey(nil)) { try TokenMinter.mint(MintRequest(subject: "a", scopes: []), in: view, now: World.now) }
    }

    @Test("a key under a name of its own signs under it; one whose halves do not belong together verifies and never signs")
    func namedAndMismatched() throws {
        var world = try World(.es256)
        world.keys[0].keyID = "2024-05"
        let minted = try TokenMinter.mint(MintRequest(subject: "a", scopes: []), in: try world.view(), now: World.now)
        let made = try world.view()
        #expect(minted.keyID == "2024-05" && verdict(Array(minted.token.utf8), made).accepted?.keyID == "2024-05")
        let token = try world.token()
        world.keys[0].sealed = try .generate(.es256)
        let view = try world.view()
        #expect(verdict(token, view).reason == nil)
        #expect(throws: MintError.noActiveKey(nil)) { try TokenMinter.mint(MintRequest(subject: "a", scopes: []), in: view, now: World.now) }
    }

    @Test("a ring takes over unchanged keys without unsealing them again, and only those")
    func ringReuse() throws {
        var world = try World(.es256, .edDSA)
        let first = try world.view()
        world.keys[0].state = .retiring
        world.keys[0].version = 9
        world.keys[1].signing = try JWSSigningKey.generate(.edDSA)
        var unsealed: [String] = []
        let state = try world.view().state
        let ring = first.keys.updated(to: state, unseal: { record in
            unsealed.append(record.kid)
            return SecretBytes(record.sealedPrivateKey)
        }, unsealImported: { _ in nil })
        #expect(unsealed == [world.keys[1].id])
        #expect(ring.count == 2)
        #expect(verdict(try world.token(), TokenView(state: state, keys: ring)).reason == nil)
    }

    @Test("a ring of an older state vouches for nothing that was stored anew")
    func staleRing() throws {
        var world = try World(.es256)
        let token = try world.token()
        let old = try world.view().keys
        world.keys[0].version = 2
        #expect(verdict(token, TokenView(state: try world.view().state, keys: old)).reason == .unknownKey)
    }

    @Test("a key is used with its own algorithm only", arguments: JWSAlgorithm.allCases)
    func mismatch(algorithm: JWSAlgorithm) throws {
        let world = try World(algorithm)
        for other in JWSAlgorithm.allCases where other != algorithm {
            let token = try world.token(header: ["alg": .string(other.rawValue)])
            #expect(verdict(token, try world.view()).reason == .algorithmMismatch)
        }
    }

    @Test("a revoked token is refused, another one is not")
    func revoked() throws {
        var world = try World(.es256)
        world.revoked = ["token-1"]
        let view = try world.view()
        #expect(verdict(try world.token(), view).reason == .tokenRevoked)
        #expect(verdict(try world.token(claims: ["jti": "token-2"]), view).reason == nil)
    }

    @Test("setting a member's clock back does not revive a token")
    func clockSetBack() throws {
        var world = try World(.es256)
        let token = try world.token(claims: ["exp": .integer(World.now), "nbf": nil])
        let long = World.now - 1_000_000
        #expect(verdict(token, try world.view(), now: long).reason == nil)
        world.appliedAtMilliseconds = (World.now + 5) * 1000
        #expect(verdict(token, try world.view(), now: long).reason == nil)
        world.appliedAtMilliseconds = (World.now + 6) * 1000
        #expect(verdict(token, try world.view(), now: long).reason == .expired)
        #expect(verdict(token, try world.view(), now: World.now + 1).reason == .expired)
    }

    @Test("two members at the same state give the same verdict whatever they verified before")
    func sameEverywhere() throws {
        var world = try World(.es256, .hs256)
        world.revoked = ["r"]
        let tokens = try [
            world.token(), world.token(key: 1), world.token(claims: ["jti": "r"]), world.token(claims: ["exp": 1]),
            world.token(header: ["alg": "none"]), world.token(claims: ["iss": "x"]),
        ]
        let (view, cache) = (try world.view(), SignatureCache())
        for _ in 0..<2 {
            for token in tokens {
                #expect(verdict(token, view, cache: cache).reason == verdict(token, view).reason)
            }
        }
    }
}
