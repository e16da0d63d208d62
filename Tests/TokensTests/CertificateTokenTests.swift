import Crypto
import JOSE
import Testing
import Tokens
import TrustStore

@Suite("Tokens signed by a trusted certificate's key")
struct CertificateTokenTests {
    private static let algorithms = JWSAlgorithm.allCases.filter { !$0.isSymmetric }

    private func world(_ clients: World.Client...) throws -> World {
        var world = try World(.es256)
        world.clients = clients
        return world
    }

    /// By the verifier, without and with a cache and asked twice, and by the explainer.
    private func expect(
        _ token: [UInt8], _ view: TokenView, _ reason: RejectionReason?, _ what: String = "", now: Int64 = World.now,
        expecting expectation: Expectation = Expectation(), sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let cache = SignatureCache()
        for (way, cache) in [("without a cache", nil), ("with a cache", cache), ("asked again", cache)] {
            let answer = verdict(token, view, now: now, expectation, cache: cache)
            #expect(answer.reason == reason, "\(what), \(way)", sourceLocation: sourceLocation)
            #expect((answer.accepted != nil) == (reason == nil), sourceLocation: sourceLocation)
        }
        let explained = TokenExplainer.explain(token, in: view, now: now, expecting: expectation)
        #expect(explained.reason == reason, "\(what), explained: \(explained.json.encodedString)", sourceLocation: sourceLocation)
        #expect(explained.steps.map(\.check) == Explanation.Check.allCases.filter { $0 != .freshness }, sourceLocation: sourceLocation)
    }

    @Test("every algorithm that fits the certificate's key is accepted, as Incus's own tool writes the token", arguments: algorithms)
    func accepted(algorithm: JWSAlgorithm) throws {
        let client = try World.Client(algorithm)
        let view = try world(client).view()
        let token = try client.token()
        expect(token, view, nil)
        let accepted = try #require(verdict(token, view).accepted)
        #expect(accepted.method == .certificate && accepted.subject == client.fingerprint && accepted.keyID == client.fingerprint)
        #expect(accepted.scopes.names == ["admin"] && accepted.expiresAt == World.now + 60 && accepted.issuer == nil)
    }

    @Test("the signature counts over the bytes received: order, spaces and further claims are the signer's affair")
    func bytesReceived() throws {
        let client = try World.Client(.es384)
        let view = try world(client).view()
        let fingerprint = client.fingerprint
        for payload in [
            #"{"exp":\#(World.now + 5),"sub":"\#(fingerprint)"}"#, "{ \"role\" : [1, {\"a\":null}] ,\n\t\"sub\" : \"\(fingerprint)\" }",
            #"{"sub":"\#(fingerprint)","iss":null,"nbf":null,"exp":null}"#, #"{"sub":"\#(fingerprint)","iss":""}"#,
            #"{"sub":"\#(fingerprint)","exp":1.9e9,"nbf":1799999999.75,"iat":0.5,"aud":["a","b"],"jti":"x"}"#,
        ] {
            expect(try client.token(payload: Array(payload.utf8)), view, nil, payload)
        }
        expect(try client.token(header: ["kid": "of my own", "x5c": ["AAAA"], "jwk": .object([:])]), view, nil, "header fields nobody knows")
    }

    @Test("claims of the wrong type refuse the token, and numbers beyond all time neither pass nor trap")
    func wrongTypes() throws {
        let client = try World.Client(.es256)
        let view = try world(client).view()
        let wrong: [[String: JSON?]] = [
            ["exp": "1900000000"], ["exp": true], ["nbf": "1"], ["iat": "1"], ["jti": 5], ["aud": 5], ["aud": [1]], ["exp": .double(1e300)],
            ["nbf": .double(1e300)], ["exp": .double(-1e300)], ["sub": 5], ["scope": 5], ["Allow": "read"], ["cnf": "x"],
        ]
        for claims in wrong { expect(try client.token(claims: claims), view, .malformed, "\(claims)") }
        expect(try client.token(payload: Array("[]".utf8)), view, .malformed)
        expect(try client.token(payload: Array(#"{"sub":"a","sub":"\#(client.fingerprint)"}"#.utf8)), view, .malformed, "sub twice")
    }

    @Test("times: nbf has the cluster's leeway, exp has none, and both may be missing")
    func times() throws {
        let client = try World.Client(.es256)
        let view = try world(client).view()
        let none: JSON? = .some(.null)
        expect(try client.token(claims: ["nbf": .integer(World.now + 5)]), view, nil)
        expect(try client.token(claims: ["nbf": .integer(World.now + 6)]), view, .notYetValid)
        expect(try client.token(claims: ["exp": .integer(World.now), "nbf": none]), view, nil)
        expect(try client.token(claims: ["exp": .integer(World.now - 1), "nbf": none]), view, .expired)
        expect(try client.token(claims: ["exp": -5, "nbf": none]), view, .expired)
        let endless = try client.token(claims: ["exp": none, "nbf": none, "iat": none])
        expect(endless, view, nil)
        #expect(verdict(endless, view).accepted?.expiresAt == nil)
    }

    @Test("sub is the whole fingerprint in lower case of a trusted certificate of type client, or nobody")
    func subject() throws {
        let client = try World.Client(.es256)
        var metrics = try World.Client(.es256)
        metrics.type = "metrics"
        let stranger = try World.Client(.es256)
        let view = try world(client, metrics).view()
        let fingerprint = client.fingerprint
        for subject in [
            fingerprint.uppercased(), String(fingerprint.prefix(63)), String(fingerprint.prefix(12)), fingerprint + "0", "0" + fingerprint,
            " " + fingerprint, fingerprint + "\0", fingerprint + "\u{0301}", "%", "_", "*", "' OR 1=1 --", "../../" + fingerprint, "ci",
            String(repeating: "0", count: 64), String(repeating: "x", count: 4000),
        ] {
            expect(try client.token(claims: ["sub": .string(subject)]), view, .unknownCertificate, subject)
        }
        expect(try metrics.token(), view, .unknownCertificate, "metrics")
        expect(try stranger.token(), view, .unknownCertificate, "never trusted")
        expect(try client.token(claims: ["sub": nil]), view, .missingClaim)
        expect(try client.token(claims: ["sub": ""]), view, .missingClaim)
    }

    @Test("a token with an issuer is somebody else's")
    func issuer() throws {
        let client = try World.Client(.es256)
        let world = try world(client)
        expect(try client.token(claims: ["iss": "https://login.example"]), try world.view(), .issuerMismatch)
        expect(try client.token(claims: ["iss": .string(world.issuer)]), try world.view(), .unknownKey, "the cluster's tokens have a kid")
        expect(try client.token(claims: ["iss": 5]), try world.view(), .malformed)
    }

    @Test("the certificate's key decides the algorithm, never the header", arguments: algorithms)
    func algorithmBinding(algorithm: JWSAlgorithm) throws {
        let client = try World.Client(algorithm)
        let view = try world(client).view()
        let type = try #require(client.signing.verificationKey.publicKey).type
        for named in JWSAlgorithm.allCases where named != algorithm {
            let expected: RejectionReason = named.isSymmetric ? .unknownKey : named.fits(type) ? .badSignature : .algorithmMismatch
            expect(try client.token(header: ["alg": .string(named.rawValue)]), view, expected, named.rawValue)
        }
        expect(try client.token(header: ["alg": "none"]), view, .unsupportedAlgorithm)
    }

    @Test("a public certificate is no secret: HS256 with its bytes is refused")
    func symmetryConfusion() throws {
        let client = try World.Client(.rs256)
        let view = try world(client).view()
        let key = try #require(client.signing.verificationKey.publicKey)
        for secret in [client.certificate.der, key.spki, Array(client.certificate.pem.utf8), Array(client.fingerprint.utf8)] {
            let header = Base64URL.encode(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))
            let signed = Array((header + "." + Base64URL.encode(JSON.object(client.claims()).encoded())).utf8)
            let tag = HMAC(.sha256).authenticate(signed, key: SecretBytes(secret))
            expect(signed + [UInt8(ascii: ".")] + Base64URL.encode(tag).utf8, view, .unknownKey)
        }
    }

    @Test("signatures in DER, of zeros, and of another client's key are refused")
    func forgeries() throws {
        let client = try World.Client(.es256)
        let other = try World.Client(.es256)
        let view = try world(client, other).view()
        let good = try client.token()
        let dot = try #require(good.lastIndex(of: UInt8(ascii: ".")))
        for signature in [[UInt8](repeating: 0, count: 64), [UInt8](repeating: 0xFF, count: 64), [0x30, 6, 2, 1, 1, 2, 1, 1], []] {
            let token = Array(good[...dot]) + Array(Base64URL.encode(signature).utf8)
            expect(token, view, signature.isEmpty ? .malformed : .badSignature)
        }
        expect(try other.token(claims: ["sub": .string(client.fingerprint)]), view, .badSignature, "sub of another's certificate")
    }

    @Test("two certificates with one key stay two: a token is judged by the one that it names")
    func sharedKey() throws {
        let first = try World.Client(.es256)
        var second = try World.Client(first.signing)
        second.isRestricted = true
        let both = try world(first, second).view()
        #expect(verdict(try first.token(), both).accepted?.scopes.names == ["admin"])
        #expect(verdict(try second.token(), both).accepted?.scopes.names == [])
        expect(try first.token(), try world(second).view(), .unknownCertificate, "the other one is trusted no more")
    }

    @Test("a certificate outside its validity vouches for nothing")
    func certificateValidity() throws {
        let client = try World.Client(.es256, validity: World.now - 10...World.now + 10)
        let view = try world(client).view()
        let token = try client.token(claims: ["exp": nil, "nbf": nil])
        expect(token, view, nil, now: World.now + 10)
        expect(token, view, .certificateExpired, now: World.now + 11)
        expect(token, view, .certificateExpired, now: World.now - 11)
        // Cached while it was good, asked again when it is not.
        let cache = SignatureCache()
        #expect(verdict(token, view, now: World.now + 10, cache: cache).accepted != nil)
        #expect(verdict(token, view, now: World.now + 11, cache: cache).reason == .certificateExpired)
    }

    @Test("what was cached counts no more once the entry is gone, changed or replaced")
    func cachedThenRemoved() throws {
        var client = try World.Client(.es256)
        let cache = SignatureCache()
        let token = try client.token()
        #expect(verdict(token, try world(client).view(), cache: cache).accepted?.scopes.names == ["admin"])
        client.version = 2
        client.isRestricted = true
        #expect(verdict(token, try world(client).view(), cache: cache).accepted?.scopes.names == [])
        #expect(verdict(token, try world().view(), cache: cache).reason == .unknownCertificate)
    }

    @Test("a token may ask for less than its certificate has, never for more")
    func scopes() throws {
        var client = try World.Client(.es256)
        var view = try world(client).view()
        func names(_ claims: [String: JSON?]) throws -> [String]? { verdict(try client.token(claims: claims), view).accepted?.scopes.names }
        #expect(try names(["scope": "read"]) == ["read"])
        #expect(try names(["Allow": ["read", "write"]]) == ["read", "write"])
        #expect(try names(["scope": "backup"]) == [], "a certificate has no custom scopes")
        #expect(try names(["scope": ""]) == [])
        expect(try client.token(claims: ["scope": "read", "Allow": ["admin"]]), view, .malformed)
        expect(try client.token(claims: ["scope": "read"]), view, .insufficientScope, expecting: Expectation(scope: "write"))
        client.isRestricted = true
        view = try world(client).view()
        #expect(try names(["scope": "admin"]) == [])
        expect(try client.token(), view, .insufficientScope, expecting: Expectation(scope: "read"))
    }

    @Test("aud counts where somebody asks for it by name, and only there")
    func audience() throws {
        let client = try World.Client(.es256)
        let world = try world(client)
        let token = try client.token(claims: ["aud": "elsewhere"])
        var ours = Expectation()
        ours.audience = .namedIfAny(world.issuer)
        expect(token, try world.view(), nil, expecting: ours)
        expect(token, try world.view(), nil, expecting: Expectation(audience: "elsewhere"))
        expect(token, try world.view(), .audienceMismatch, expecting: Expectation(audience: "here"))
        expect(try client.token(), try world.view(), .audienceMismatch, expecting: Expectation(audience: "here"))
    }

    @Test("one such token is revoked by what it signs, whatever its jti and its signature")
    func revocation() throws {
        let client = try World.Client(.es256)
        var world = try world(client)
        let payload = JSON.object(client.claims(["jti": "mine"])).encoded()
        let token = try client.token(payload: payload)
        let again = try client.token(payload: payload)
        #expect(token != again, "ECDSA signs with a new random number each time")
        world.revoked = ["mine"]
        expect(token, try world.view(), nil, "jti is the signer's own word")
        world.revoked = [try #require(verdict(token, try world.view()).accepted).tokenID]
        expect(token, try world.view(), .tokenRevoked)
        expect(again, try world.view(), .tokenRevoked, "the same claims, signed again")
        expect(try client.token(), try world.view(), nil, "another token of the same client")
    }

    @Test("stored bytes that are not the certificate they are stored as vouch for nothing")
    func damagedEntry() throws {
        let client = try World.Client(.es256)
        var swapped = try World.Client(.es256)
        swapped.signing = client.signing
        var world = try world(client)
        world.certificateBytes[client.fingerprint] = swapped.certificate.der
        expect(try client.token(), try world.view(), .unknownCertificate)
        world.certificateBytes[client.fingerprint] = [1, 2, 3]
        expect(try client.token(), try world.view(), .unknownCertificate)
    }

    @Test("a bound token needs the certificate it is bound to")
    func binding() throws {
        let client = try World.Client(.es256)
        let view = try world(client).view()
        let thumbprint = Base64URL.encode(SHA256.hash(client.certificate.der))
        let token = try client.token(claims: ["cnf": ["x5t#S256": .string(thumbprint)]])
        expect(token, view, .certificateBindingMismatch)
        expect(token, view, nil, expecting: Expectation(clientCertificateThumbprint: client.fingerprint))
    }
}
