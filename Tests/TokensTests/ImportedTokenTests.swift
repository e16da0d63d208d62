import Crypto
import HashTreeCollections
import JOSE
import Raft
import Testing
import Tokens
import TrustStore

/// Tokens as Forest and Lotus nodes make them, written out here byte for byte: nothing of ours signs them.
enum NodeToken {
    static let forestHeader = #"{"typ":"JWT","alg":"HS256"}"#
    static let lotusHeader = #"{"alg":"HS256","typ":"JWT"}"#
    static let allowAll = #"["read","write","sign","admin"]"#

    static func make(
        _ header: String, _ payload: String, secret: [UInt8], hash: HashAlgorithm = .sha256
    ) -> [UInt8] {
        let signed = Array((Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))).utf8)
        return signed + [UInt8(ascii: ".")] + Base64URL.encode(HMAC(hash).authenticate(signed, key: SecretBytes(secret))).utf8
    }

    static func forest(_ key: World.Imported, exp: Int64 = World.now + 600, allow: String = allowAll) -> [UInt8] {
        make(forestHeader, #"{"Allow":\#(allow),"exp":\#(exp)}"#, secret: key.secret)
    }

    static func lotus(_ key: World.Imported, allow: String = allowAll) -> [UInt8] {
        make(lotusHeader, #"{"Allow":\#(allow)}"#, secret: key.secret)
    }
}

@Suite("Tokens of Forest and Lotus nodes")
struct ImportedTokenTests {
    private func world() throws -> World {
        var world = try World(.es256, .hs256)
        world.imported = ["f": World.Imported(1), "l": World.Imported(2, origin: .lotus)]
        return world
    }

    private func expectRefused(
        _ token: [UInt8], _ view: TokenView, _ reason: RejectionReason, _ what: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let cache = SignatureCache()
        for _ in 0..<2 {
            #expect(verdict(token, view, cache: cache).reason == reason, "\(what)", sourceLocation: sourceLocation)
        }
        let explained = TokenExplainer.explain(token, in: view, now: World.now)
        #expect(explained.reason == reason, "\(what), explained", sourceLocation: sourceLocation)
    }

    @Test("both kinds are accepted with method imported, by the key that made them")
    func accepted() throws {
        let world = try world()
        let view = try world.view()
        let forest = try #require(verdict(NodeToken.forest(world.imported["f"]!), view).accepted)
        #expect(forest.method == .imported && forest.keyID == "f" && forest.expiresAt == World.now + 600)
        #expect(forest.scopes.names == ["read", "write", "sign", "admin"] && forest.subject == "imported:f")
        let lotus = try #require(verdict(NodeToken.lotus(world.imported["l"]!), view).accepted)
        #expect(lotus.method == .imported && lotus.keyID == "l" && lotus.expiresAt == nil)
        #expect(TokenExplainer.explain(NodeToken.lotus(world.imported["l"]!), in: view, now: World.now).valid)
    }

    @Test("a token's id is the SHA-256 of the whole token, whatever jti it writes")
    func tokenID() throws {
        let world = try world()
        let token = NodeToken.make(NodeToken.lotusHeader, #"{"Allow":["read"],"jti":"token-1","sub":"alice"}"#, secret: world.imported["l"]!.secret)
        let verified = try #require(verdict(token, try world.view()).accepted)
        #expect(verified.tokenID == Base64URL.encode(SHA256.hash(token)))
        #expect(verified.subject == "imported:l", "a node's secret speaks for nobody of the cluster")
    }

    @Test("the same permissions of another node are another token: revoking one leaves the other")
    func revocation() throws {
        var world = try world()
        let (first, second) = (NodeToken.lotus(world.imported["f"]!), NodeToken.lotus(world.imported["l"]!))
        let cache = SignatureCache()
        let id = try #require(verdict(first, try world.view(), cache: cache).accepted).tokenID
        world.revoked = [id]
        let view = try world.view()
        #expect(verdict(first, view, cache: cache).reason == .tokenRevoked)
        #expect(verdict(second, view, cache: cache).reason == nil)
        expectRefused(first, view, .tokenRevoked)
    }

    @Test("a revocation of a jti does not touch a node's token that writes it")
    func foreignID() throws {
        var world = try world()
        world.revoked = ["token-1"]
        let token = NodeToken.make(NodeToken.lotusHeader, #"{"Allow":["read"],"jti":"token-1"}"#, secret: world.imported["l"]!.secret)
        #expect(verdict(token, try world.view()).reason == nil)
        #expect(verdict(try world.token(), try world.view()).reason == .tokenRevoked)
    }

    @Test("an expired one is refused at the second after exp; without exp there is no end")
    func expiry() throws {
        let world = try world()
        let view = try world.view()
        let token = NodeToken.forest(world.imported["f"]!, exp: World.now)
        #expect(verdict(token, view).reason == nil)
        #expect(verdict(token, view, now: World.now + 1).reason == .expired)
        #expect(verdict(NodeToken.lotus(world.imported["l"]!), view, now: World.now + 3_000_000_000).reason == nil)
    }

    @Test("a token that no imported key made is unknown_key where there are none, bad_signature where there are")
    func reasons() throws {
        let stranger = NodeToken.lotus(World.Imported(9))
        expectRefused(stranger, try World(.es256, .hs256).view(), .unknownKey)
        expectRefused(stranger, try world().view(), .badSignature)
    }

    @Test("a removed key's tokens are unknown, also those whose signature is cached")
    func removed() throws {
        var world = try world()
        let cache = SignatureCache()
        let ring = try world.view()
        let token = NodeToken.forest(world.imported["f"]!)
        #expect(verdict(token, ring, cache: cache).reason == nil)
        world.imported["f"] = nil
        #expect(verdict(token, try world.view(ring: ring.keys), cache: cache).reason == .badSignature)
        world.imported["l"] = nil
        #expect(verdict(token, try world.view(ring: ring.keys), cache: cache).reason == .unknownKey)
    }

    @Test("a cached signature counts for the key as it was stored then, not for another secret under its id")
    func keyVersion() throws {
        var world = try world()
        let cache = SignatureCache()
        let before = try world.view()
        let token = NodeToken.forest(world.imported["f"]!)
        #expect(verdict(token, before, cache: cache).reason == nil)
        world.imported["f"] = World.Imported(7)
        world.imported["f"]?.version = 9
        let after = try world.view(ring: before.keys)
        #expect(verdict(token, after, cache: cache).reason == .badSignature)
        #expect(verdict(NodeToken.forest(world.imported["f"]!), after, cache: cache).accepted?.keyVersion.rawValue == 9)
    }

    @Test("a ring that was made for another version of a key does not use it")
    func staleRing() throws {
        var world = try world()
        world.imported["l"] = nil
        let ring = try world.view().keys
        world.imported["f"]?.version = 2
        let view = TokenView(state: try world.view().state, keys: ring)
        #expect(verdict(NodeToken.forest(world.imported["f"]!), view).reason == .unknownKey)
    }

    @Test("a key that cannot be unsealed here makes nobody's token a forgery")
    func sealed() throws {
        let world = try world()
        let state = try world.view().state
        let keys = KeyRing().updated(to: state, unseal: { _ in nil }, unsealImported: { $0.id == "f" ? SecretBytes($0.sealedSecret) : nil })
        let view = TokenView(state: state, keys: keys)
        #expect(verdict(NodeToken.forest(world.imported["f"]!), view).reason == nil)
        #expect(verdict(NodeToken.lotus(world.imported["l"]!), view).reason == .unknownKey)
    }
}

@Suite("Attacks on imported keys")
struct ImportedTokenAttackTests {
    private func world() throws -> World {
        var world = try World(.es256, .hs256)
        world.imported = ["f": World.Imported(1)]
        return world
    }

    private func expectRefused(
        _ token: [UInt8], _ view: TokenView, _ reason: RejectionReason, _ what: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(verdict(token, view).reason == reason, "\(what)", sourceLocation: sourceLocation)
        let explained = TokenExplainer.explain(token, in: view, now: World.now)
        #expect(explained.reason == reason, "\(what), explained", sourceLocation: sourceLocation)
    }

    @Test("an HMAC over a public key's bytes is a signature of nobody")
    func publicKeyAsSecret() throws {
        let world = try world()
        let view = try world.view()
        let publicKey = try #require(world.keys[0].signing.verificationKey.publicKey)
        let (x, y) = try #require(publicKey.coordinates)
        let pem = PEM.encode(label: "PUBLIC KEY", publicKey.spki)
        let secrets: [[UInt8]] = [
            publicKey.spki, Array(pem.utf8), Array(pem.dropLast().utf8), [4] + x + y, x, x + y, try JWK(publicKey).json.encoded(),
            Array(world.keys[0].id.utf8), Array("f".utf8), Array(world.issuer.utf8), [], [UInt8](repeating: 0, count: 32),
        ]
        for secret in secrets {
            for header in [NodeToken.forestHeader, NodeToken.lotusHeader, #"{"alg":"HS256"}"#] {
                let token = NodeToken.make(header, #"{"Allow":["admin"]}"#, secret: secret)
                expectRefused(token, view, .badSignature, "\(secret.count) bytes")
            }
        }
    }

    @Test("a kid turns to the cluster's keys only, even one that names an imported key", arguments: ["f", "", "x"])
    func withKeyID(kid: String) throws {
        let world = try world()
        let header = JSON.object(["alg": "HS256", "typ": "JWT", "kid": .string(kid)]).encodedString
        let token = NodeToken.make(header, #"{"Allow":["admin"]}"#, secret: world.imported["f"]!.secret)
        expectRefused(token, try world.view(), .unknownKey)
    }

    @Test("a cluster's HS256 key does not sign for nodes, nor a node for the cluster")
    func keysDoNotMix() throws {
        let world = try world()
        let view = try world.view()
        let clusterSecret = world.keys[1].signing.secret().withSpan { span in span.indices.map { span[$0] } }
        expectRefused(NodeToken.make(NodeToken.lotusHeader, #"{"Allow":["admin"]}"#, secret: clusterSecret), view, .badSignature)
        let header = JSON.object(world.header(key: 1)).encodedString
        let forged = NodeToken.make(header, JSON.object(world.claims()).encodedString, secret: world.imported["f"]!.secret)
        expectRefused(forged, view, .badSignature)
    }

    @Test("no algorithm but HS256 reaches an imported key")
    func otherAlgorithms() throws {
        let world = try world()
        let view = try world.view()
        let secret = world.imported["f"]!.secret
        let payload = #"{"Allow":["admin"]}"#
        for (name, hash) in [("HS384", HashAlgorithm.sha384), ("HS512", .sha512)] {
            expectRefused(NodeToken.make(#"{"alg":"\#(name)"}"#, payload, secret: secret, hash: hash), view, .unknownKey, name)
            expectRefused(NodeToken.make(#"{"alg":"HS256"}"#, payload, secret: secret, hash: hash), view, .badSignature, name)
        }
        for name in ["ES256", "EdDSA", "RS256", "PS256"] {
            expectRefused(NodeToken.make(#"{"alg":"\#(name)"}"#, payload, secret: secret), view, .missingClaim, "\(name): a sub must name the certificate")
        }
        for name in ["none", "None", "NONE", "", "hs256", "HS256 ", "\\u0048S256x"] {
            expectRefused(NodeToken.make(#"{"alg":"\#(name)"}"#, payload, secret: secret), view, .unsupportedAlgorithm, name)
            let unsigned = NodeToken.make(#"{"alg":"\#(name)"}"#, payload, secret: secret).split(separator: UInt8(ascii: ".")).prefix(2)
            expectRefused(Array(unsigned.joined(separator: [UInt8(ascii: ".")])) + [UInt8(ascii: ".")], view, .malformed, name)
        }
    }

    @Test("a secret too short for HS256 vouches for nothing")
    func shortSecret() throws {
        var world = try world()
        world.imported["f"]?.secret = Array(repeating: 1, count: 31)
        expectRefused(NodeToken.lotus(world.imported["f"]!), try world.view(), .unknownKey)
    }

    @Test("headers and claims of wrong types, or that can be read in two ways, are refused", arguments: [
        (#"{"alg":"HS256","alg":"none"}"#, #"{"Allow":["read"]}"#), (#"{"alg":"HS256","kid":null}"#, #"{"Allow":["read"]}"#),
        (#"{"alg":"HS256","kid":1}"#, #"{"Allow":["read"]}"#), (#"{"alg":"HS256","crit":["exp"]}"#, #"{"Allow":["read"]}"#),
        (#"{"alg":"HS256","b64":false}"#, #"{"Allow":["read"]}"#), (#"{"alg":"HS256","typ":"secevent+jwt"}"#, #"{"Allow":["read"]}"#),
        (NodeToken.lotusHeader, #"{"Allow":["read"],"Allow":["admin"]}"#), (NodeToken.lotusHeader, #"{"Allow":"admin"}"#),
        (NodeToken.lotusHeader, #"{"Allow":{"admin":true}}"#), (NodeToken.lotusHeader, #"{"Allow":[1]}"#),
        (NodeToken.lotusHeader, #"{"Allow":[["admin"]]}"#), (NodeToken.lotusHeader, #"{"Allow":[null]}"#),
        (NodeToken.lotusHeader, #"{"Allow":["read admin"]}"#), (NodeToken.lotusHeader, #"{"Allow":[""]}"#),
        (NodeToken.lotusHeader, #"{"Allow":["read"],"scope":"admin"}"#), (NodeToken.lotusHeader, #"["admin"]"#),
        (NodeToken.forestHeader, #"{"Allow":["read"],"exp":"9999999999"}"#), (NodeToken.forestHeader, #"{"Allow":["read"],"exp":true}"#),
        (NodeToken.forestHeader, #"{"Allow":["read"],"exp":[9999999999]}"#), (NodeToken.forestHeader, #"{"Allow":["read"],"exp":1e300}"#),
        (NodeToken.forestHeader, #"{"Allow":["read"],"exp":99999999999999999999}"#), (NodeToken.forestHeader, #"{"Allow":["read"],"exp":{}}"#),
        (NodeToken.forestHeader, #"{"Allow":["read"],"exp":1,"exp":9999999999}"#), (NodeToken.forestHeader, ""),
    ])
    func malformed(header: String, payload: String) throws {
        let world = try world()
        expectRefused(NodeToken.make(header, payload, secret: world.imported["f"]!.secret), try world.view(), .malformed, payload)
    }

    @Test("without Allow a token says nothing; with an empty one it permits nothing")
    func emptyAllow() throws {
        let world = try world()
        let view = try world.view()
        let secret = world.imported["f"]!.secret
        for payload in ["{}", #"{"scope":"admin"}"#, #"{"allow":["admin"]}"#, #"{"Allow":null}"#] {
            expectRefused(NodeToken.make(NodeToken.lotusHeader, payload, secret: secret), view, .missingClaim, payload)
        }
        let empty = NodeToken.make(NodeToken.lotusHeader, #"{"Allow":[]}"#, secret: secret)
        #expect(verdict(empty, view).accepted?.scopes.names == [])
        for scope in ["read", "write", "sign", "admin", "x"] {
            #expect(verdict(empty, view, Expectation(scope: scope)).reason == .insufficientScope)
        }
    }

    @Test("every change of a single byte is refused, so that no token has two ids")
    func singleByteChanges() throws {
        let world = try world()
        let view = try world.view()
        let cache = SignatureCache()
        let good = NodeToken.forest(world.imported["f"]!)
        #expect(verdict(good, view, cache: cache).reason == nil)
        for position in good.indices {
            for byte in [good[position] ^ 1, good[position] ^ 0x20, UInt8(ascii: "A"), UInt8(ascii: "=")] where byte != good[position] {
                var changed = good
                changed[position] = byte
                #expect(verdict(changed, view, cache: cache).reason != nil, "byte \(position) as \(byte)")
            }
        }
        for padded in [good + [UInt8(ascii: "=")], good + [UInt8(ascii: "A")], Array(good.dropLast())] {
            #expect(verdict(padded, view, cache: cache).reason != nil)
        }
    }

    @Test("not yet valid, bound, or meant for somebody else holds for them as for others")
    func otherRules() throws {
        let world = try world()
        let view = try world.view()
        let secret = world.imported["f"]!.secret
        func token(_ more: String) -> [UInt8] { NodeToken.make(NodeToken.lotusHeader, #"{"Allow":["read"],\#(more)}"#, secret: secret) }
        expectRefused(token(#""nbf":\#(World.now + 60)"#), view, .notYetValid)
        expectRefused(token(#""cnf":{"jwk":{}}"#), view, .certificateBindingMismatch)
        #expect(verdict(token(#""aud":"other""#), view, Expectation(audience: "us")).reason == .audienceMismatch)
    }
}

@Suite("Tokens made as nodes make them")
struct NodeTokenMinterTests {
    @Test("header and claims are those of a Forest node, and every member accepts it with method imported")
    func minted() throws {
        var world = try World(.es256)
        world.imported = ["c": World.Imported(3, origin: .cluster), "a": World.Imported(1)]
        let view = try world.view()
        let request = NodeTokenRequest(permissions: ["read", "write"], lifetimeSeconds: 60)
        let token = Array(try TokenMinter.mint(request, in: view, now: World.now).utf8)
        #expect(token == NodeToken.make(
            NodeToken.lotusHeader, #"{"Allow":["read","write"],"exp":\#(World.now + 60)}"#, secret: world.imported["c"]!.secret))
        let verified = try #require(verdict(token, view).accepted)
        #expect(verified.method == .imported && verified.keyID == "c" && verified.scopes.names == ["read", "write"])
    }

    @Test("a node's own secret never signs for the cluster")
    func onlyOwnKey() throws {
        var world = try World(.es256, .hs256)
        world.imported = ["a": World.Imported(1)]
        let view = try world.view()
        let request = NodeTokenRequest(permissions: ["read"], lifetimeSeconds: nil)
        #expect(throws: MintError.noActiveKey(.hs256)) { try TokenMinter.mint(request, in: view, now: World.now) }
    }

    @Test("without a lifetime it gets the longest the cluster allows; longer, or none, is refused")
    func lifetimes() throws {
        var world = try World(.es256)
        world.imported = ["c": World.Imported(3, origin: .cluster)]
        let view = try world.view()
        let token = try TokenMinter.mint(NodeTokenRequest(permissions: ["read"], lifetimeSeconds: nil), in: view, now: World.now)
        #expect(verdict(Array(token.utf8), view).accepted?.expiresAt == World.now + 31_536_000)
        for seconds in [0, -1, 31_536_001, Int64.max, Int64.min] {
            #expect(throws: MintError.self) {
                try TokenMinter.mint(NodeTokenRequest(permissions: ["read"], lifetimeSeconds: seconds), in: view, now: World.now)
            }
        }
    }

    @Test("permissions are the four words, each once", arguments: [[], ["root"], ["Admin"], ["read", "read"], ["read write"]] as [[String]])
    func permissions(permissions: [String]) throws {
        var world = try World(.es256)
        world.imported = ["c": World.Imported(3, origin: .cluster)]
        let view = try world.view()
        #expect(throws: MintError.self) {
            try TokenMinter.mint(NodeTokenRequest(permissions: permissions, lifetimeSeconds: 60), in: view, now: World.now)
        }
    }

    @Test("a level includes all below it")
    func levels() {
        #expect(NodeTokenRequest.permissions(upTo: "read") == ["read"])
        #expect(NodeTokenRequest.permissions(upTo: "admin") == ["read", "write", "sign", "admin"])
        #expect(NodeTokenRequest.permissions(upTo: "root") == nil)
    }
}
