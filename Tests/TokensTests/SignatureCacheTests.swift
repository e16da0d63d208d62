import JOSE
import Raft
import Testing
import Tokens
import TrustStore

@Suite("Signature cache")
struct SignatureCacheTests {
    /// Accepts the token once, so that its signature is cached.
    private func cached(_ token: [UInt8], _ world: World) throws -> SignatureCache {
        let cache = SignatureCache()
        #expect(verdict(token, try world.view(), cache: cache).accepted != nil)
        #expect(cache.count == 1)
        return cache
    }

    @Test("revoking a token takes effect although its signature is cached")
    func revoked() throws {
        var world = try World(.es256)
        let token = try world.token()
        let cache = try cached(token, world)
        world.revoked = ["token-1"]
        #expect(verdict(token, try world.view(), cache: cache).reason == .tokenRevoked)
    }

    @Test("retiring a key takes effect although a signature of it is cached, with or without a new version")
    func retired() throws {
        var world = try World(.es256)
        let token = try world.token()
        let cache = try cached(token, world)
        world.keys[0].retireAfter = World.now + 10
        #expect(verdict(token, try world.view(), now: World.now + 10, cache: cache).reason == .keyRetired)
        world.keys[0].state = .retired
        #expect(verdict(token, try world.view(), cache: cache).reason == .keyRetired)
        world.keys[0].version = 2
        #expect(verdict(token, try world.view(), cache: cache).reason == .keyRetired)
        world.keys = []
        #expect(verdict(token, try world.view(), cache: cache).reason == .unknownKey)
    }

    @Test("time passes for a cached token as for any other")
    func expired() throws {
        let world = try World(.es256)
        let token = try world.token()
        let cache = try cached(token, world)
        #expect(verdict(token, try world.view(), now: World.now + 600, cache: cache).reason == nil)
        #expect(verdict(token, try world.view(), now: World.now + 601, cache: cache).reason == .expired)
        #expect(verdict(token, try world.view(), now: World.now - 100, cache: cache).reason == .notYetValid)
    }

    @Test("another key under the same kid does not inherit what the first one signed")
    func replacedKey() throws {
        var world = try World(.es256)
        world.keys[0].keyID = "the-kid"
        let token = try world.token()
        let cache = try cached(token, world)
        world.keys[0].signing = try JWSSigningKey.generate(.es256)
        world.keys[0].version = 2
        #expect(verdict(token, try world.view(), cache: cache).reason == .badSignature)
    }

    @Test("a token of a certificate's key is that of the cluster's key which is imported later under its kid, also when it is cached")
    func importedUnderKeyID() throws {
        var world = try World(.es256)
        let client = try World.Client(.es256)
        world.clients = [client]
        let token = try client.token(header: ["kid": "of its own"])
        let cache = try cached(token, world)
        var key = try World.Key(.es256)
        key.keyID = "of its own"
        world.keys.append(key)
        #expect(verdict(token, try world.view(), cache: cache).reason == .badSignature)
        #expect(verdict(token, try world.view()).reason == .badSignature)
        world.keys.removeLast()
        #expect(verdict(token, try world.view(), cache: cache).accepted != nil)
    }

    @Test("a key stored anew unchanged is checked anew, and its tokens stay good")
    func newVersion() throws {
        var world = try World(.es256)
        let token = try world.token()
        let cache = try cached(token, world)
        world.keys[0].state = .retiring
        world.keys[0].version = 2
        let accepted = try #require(verdict(token, try world.view(), cache: cache).accepted)
        #expect(accepted.keyVersion.rawValue == 2)
        #expect(cache.count == 1)
    }

    @Test("scope, audience, issuer and binding are asked of a cached token too")
    func askedAgain() throws {
        var world = try World(.es256)
        let token = try world.token()
        let cache = try cached(token, world)
        #expect(verdict(token, try world.view(), Expectation(scope: "admin"), cache: cache).reason == .insufficientScope)
        #expect(verdict(token, try world.view(), Expectation(audience: "x"), cache: cache).reason == .audienceMismatch)
        world.issuer = "https://elsewhere.test"
        #expect(verdict(token, try world.view(), cache: cache).reason == .issuerMismatch)
    }

    @Test("only verified tokens get in: garbage cannot push a good one out")
    func garbageStaysOut() throws {
        let world = try World(.hs256)
        let view = try world.view()
        let cache = SignatureCache(entriesMax: 1)
        let token = try world.token()
        #expect(verdict(token, view, cache: cache).accepted != nil)
        for position in stride(from: 0, to: token.count, by: 7) {
            var garbage = token
            garbage[position] ^= 2
            #expect(verdict(garbage, view, cache: cache).reason != nil)
        }
        #expect(cache.holds(token))
    }

    @Test("a hit is these very bytes and no others")
    func exactBytes() throws {
        let world = try World(.hs256)
        let token = try world.token()
        let cache = try cached(token, world)
        for position in token.indices {
            var other = token
            other[position] ^= 1
            #expect(!cache.holds(other))
        }
        #expect(!cache.holds(Array(token.dropLast())))
        #expect(!cache.holds(token + [0]))
    }

    @Test("tokens with the same end, whatever comes before it, are not taken for each other")
    func sameEnd() throws {
        let world = try World(.hs256)
        let token = try world.token()
        let cache = try cached(token, world)
        for count in [1, 31, 32, 33, 40] { #expect(!cache.holds(Array(token.suffix(count)))) }
        #expect(verdict(Array(token.dropFirst()), try world.view(), cache: cache).reason == .malformed)
        #expect(!cache.holds(Array("x".utf8) + token))
        #expect(cache.holds(token))
    }

    @Test("at one more than its bound the oldest entry goes, and is simply verified again")
    func entryBound() throws {
        let world = try World(.hs256)
        let view = try world.view()
        let cache = SignatureCache(entriesMax: 4)
        let tokens = try (0..<5).map { try world.token(claims: ["jti": .string("t\($0)")]) }
        for token in tokens { #expect(verdict(token, view, cache: cache).accepted != nil) }
        #expect(cache.count == 4)
        #expect(!cache.holds(tokens[0]))
        for token in tokens[1...] { #expect(cache.holds(token)) }
        #expect(verdict(tokens[0], view, cache: cache).accepted != nil)
        #expect(!cache.holds(tokens[1]))
        #expect(cache.count == 4)
        #expect(cache.tokenBytes == tokens.suffix(3).reduce(tokens[0].count) { $0 + $1.count })
    }

    @Test("the bound on bytes holds too, and a token larger than it is not kept")
    func byteBound() throws {
        let world = try World(.hs256)
        let view = try world.view()
        let tokens = try (0..<9).map { try world.token(claims: ["jti": .string("t\($0)")]) }
        let cache = SignatureCache(entriesMax: 100, tokenBytesMax: tokens[0].count * 3)
        for token in tokens {
            #expect(verdict(token, view, cache: cache).accepted != nil)
            #expect(cache.tokenBytes <= tokens[0].count * 3)
        }
        #expect(cache.count == 3)
        let small = SignatureCache(entriesMax: 100, tokenBytesMax: tokens[0].count - 1)
        #expect(verdict(tokens[0], view, cache: small).accepted != nil)
        #expect(small.count == 0)
    }

    @Test("the ring stays consistent through many turns", arguments: UInt64(0)..<8)
    func manyTurns(seed: UInt64) throws {
        let world = try World(.hs256)
        let view = try world.view()
        let tokens = try (0..<12).map { try world.token(claims: ["jti": .string("t\($0)"), "x": .string(String(repeating: "x", count: $0 * 20))]) }
        let cache = SignatureCache(entriesMax: 5, tokenBytesMax: 2500)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let token = tokens[Int.random(in: tokens.indices, using: &generator)]
            #expect(verdict(token, view, cache: cache).accepted != nil, "replay with seed \(seed)")
            let held = tokens.filter { cache.holds($0) }
            #expect(held.count == cache.count && held.reduce(0) { $0 + $1.count } == cache.tokenBytes, "replay with seed \(seed)")
            #expect(cache.count <= 5 && cache.tokenBytes <= 2500, "replay with seed \(seed)")
        }
    }
}

extension SignatureCache {
    func holds(_ token: [UInt8]) -> Bool { verified(token.span) != nil }
}
