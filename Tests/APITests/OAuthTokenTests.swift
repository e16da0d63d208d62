import Cluster
import Crypto
import EventLoop
import JOSE
import Testing
import Tokens
import TrustStore

@testable import API

@Suite("The token endpoint", .timeLimit(.minutes(5)))
struct OAuthTokenTests {
    private static let form = ["Content-Type: application/x-www-form-urlencoded"]

    private func trusted(_ served: ServedMember, restricted: Bool = false) async throws -> TestClient {
        let client = try TestClient()
        _ = try await served.operate(
            "POST", "/1.0/certificates", ["type": "client", "certificate": .string(client.certificate.pem), "restricted": .bool(restricted)])
        return client
    }

    private func ask(_ served: ServedMember, _ fields: [String: String], _ client: TestClient? = nil) async throws -> Reception {
        let body = fields.map { "\($0.key)=\(percentEncoded($0.value))" }.joined(separator: "&")
        return try await served.send("POST", "/oauth2/token", body: body, fields: Self.form, over: client.map { .tlsWith($0.certificate) } ?? .tls)
    }

    private func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = byte.isASCIIAlphanumeric || "-._".utf8.contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + Hex.encode([byte]).uppercased()
        }.joined()
    }

    private func verdict(_ token: String, _ served: ServedMember) async throws -> JSON {
        try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(token)])
    }

    private func assertion(_ client: TestClient, _ served: ServedMember, _ changes: JSONObject = [:]) throws -> String {
        let issuer = served.member.view.state.cluster?.issuer ?? ""
        var claims: JSONObject = [
            "iss": .string(client.fingerprint), "aud": .string(issuer + "/oauth2/token"), "jti": .string(Hex.encode(SecureRandom.bytes(8))),
        ]
        for member in changes.members { claims[member.name] = member.value }
        return try client.token(claims)
    }

    private func byAssertion(_ assertion: String, _ more: [String: String] = [:]) -> [String: String] {
        ["grant_type": "client_credentials", "client_assertion": assertion, "client_assertion_type": OAuthTokenEndpoint.assertionType]
            .merging(more) { $1 }
    }

    @Test("a client with a trusted certificate on its connection gets the least unasked, and what it asks for")
    func mutualTLS() async throws {
        try await ServedMember.with { served async throws in
            let client = try await trusted(served)
            let answer = try await ask(served, ["grant_type": "client_credentials", "client_id": client.fingerprint], client)
            #expect(answer.status == 200 && answer.json["token_type"] == "Bearer" && answer.json["scope"] == "read", "\(answer)")
            #expect(answer.json["expires_in"] == 3600 && answer.fields["cache-control"] == "no-store")
            let token = try #require(answer.json["access_token"]?.stringValue)
            let seen = try await verdict(token, served)
            #expect(seen["valid"] == true && seen["method"] == "cluster" && seen["subject"] == .string(client.fingerprint))
            #expect(seen["claims"]?["client_id"] == .string(client.fingerprint))
            let header = try #require(Base64URL.decode(String(token.prefix { $0 != "." })))
            #expect(try JSON(parsing: header)["typ"] == "at+jwt", "RFC 9068")
            let more = try await ask(served, ["grant_type": "client_credentials", "scope": "write backup", "audience": "reports"], client)
            let wide = try await verdict(try #require(more.json["access_token"]?.stringValue), served)
            #expect(wide["scopes"] == ["write", "backup"] && wide["claims"]?["aud"] == "reports")
        }
    }

    @Test("a bound token is good only with the client's certificate, and a revoked certificate takes the client's tokens along")
    func boundAndRevoked() async throws {
        try await ServedMember.with { served async throws in
            let client = try await trusted(served)
            let bound = try #require(try await ask(served, ["grant_type": "client_credentials", "certificate_bound": "true"], client).json["access_token"]?.stringValue)
            let free = try #require(try await ask(served, ["grant_type": "client_credentials"], client).json["access_token"]?.stringValue)
            #expect(try await served.send("GET", "/auth/verify", token: bound).status == 401)
            #expect(try await served.send("GET", "/auth/verify", token: bound, over: .tlsWith(client.certificate)).status == 200)
            #expect(try await verdict(free, served)["valid"] == true)
            _ = try await served.operate("POST", "/1.0/revocations", ["certificate": .string(client.fingerprint)])
            #expect(try await verdict(free, served)["reason"] == "certificate_revoked")
            #expect(try await ask(served, ["grant_type": "client_credentials"], client).json["error"] == "invalid_client")
        }
    }

    @Test("private_key_jwt: an assertion for us is a proof; each of its rules is needed")
    func privateKeyJWT() async throws {
        try await ServedMember.with { served async throws in
            let client = try await trusted(served), stranger = try TestClient()
            let issuer = try #require(served.member.view.state.cluster?.issuer)
            for audience in [issuer, issuer + "/oauth2/token"] {
                let good = try await ask(served, byAssertion(try assertion(client, served, ["aud": .string(audience)])))
                #expect(good.status == 200, "\(good)")
            }
            let now = WallClock.nowSeconds()
            let refused: [(String, JSONObject)] = [
                ("another audience", ["aud": "https://elsewhere"]), ("no audience", ["aud": .null]), ("no jti", ["jti": .null]),
                ("no end", ["exp": .null]), ("an end too far away", ["exp": .integer(now + 700)]), ("ended", ["exp": .integer(now - 1)]),
                ("not begun", ["nbf": .integer(now + 60)]), ("another issuer", ["iss": .string(stranger.fingerprint)]), ("no issuer", ["iss": .null]),
                ("somebody else's name", ["iss": .string(stranger.fingerprint), "sub": .string(stranger.fingerprint)]),
            ]
            for (what, changes) in refused {
                let answer = try await ask(served, byAssertion(try assertion(client, served, changes)))
                #expect(answer.status == 401 && answer.json["error"] == "invalid_client", "\(what): \(answer)")
                #expect(answer.challenge == "Bearer")
            }
            for forged in [try assertion(stranger, served), String(try assertion(client, served).dropLast(4)) + "AAAA", "x.y.z", try client.token()] {
                #expect(try await ask(served, byAssertion(forged)).json["error"] == "invalid_client")
            }
            // An assertion is no token, and a token no assertion.
            let proof = try assertion(client, served)
            #expect(try await verdict(proof, served)["valid"] == false)
            #expect(try await ask(served, byAssertion(proof, ["client_id": stranger.fingerprint])).json["error"] == "invalid_client")
        }
    }

    @Test("a restricted client gets a token that permits nothing; a metrics certificate is no client")
    func restricted() async throws {
        try await ServedMember.with { served async throws in
            let client = try await trusted(served, restricted: true)
            #expect(try await ask(served, ["grant_type": "client_credentials", "scope": "read"], client).json["error"] == "invalid_scope")
            let token = try #require(try await ask(served, ["grant_type": "client_credentials"], client).json["access_token"]?.stringValue)
            #expect(try await verdict(token, served)["scopes"] == .array([]))
            let metrics = try TestClient()
            _ = try await served.operate("POST", "/1.0/certificates", ["type": "metrics", "certificate": .string(metrics.certificate.pem)])
            #expect(try await ask(served, ["grant_type": "client_credentials"], metrics).json["error"] == "invalid_client")
        }
    }

    private func exchange(_ token: String, _ more: [String: String] = [:]) -> [String: String] {
        [
            "grant_type": OAuthTokenEndpoint.tokenExchange, "subject_token": token, "subject_token_type": OAuthTokenEndpoint.accessTokenType,
        ].merging(more) { $1 }
    }

    @Test("an exchanged token speaks for the same subject, permits no more, ends no later, and dies with the one it came from")
    func tokenExchange() async throws {
        try await ServedMember.with { served async throws in
            let client = try await trusted(served)
            let parent = try await served.mint("alice", ["write", "reports"], ["expires_in": 60])
            let answer = try await ask(served, exchange(parent, ["scope": "read", "audience": "backend"]), client)
            #expect(answer.status == 200 && answer.json["issued_token_type"] == .string(OAuthTokenEndpoint.accessTokenType), "\(answer)")
            let token = try #require(answer.json["access_token"]?.stringValue)
            let seen = try await verdict(token, served)
            #expect(seen["subject"] == "alice" && seen["scopes"] == ["read"] && seen["claims"]?["aud"] == "backend")
            #expect(seen["claims"]?["act"]?["sub"] == .string(client.fingerprint))
            #expect(seen["expires_at"] == (try await verdict(parent, served)["expires_at"]))
            for scope in ["admin", "sign", "backup", "reports admin"] {
                #expect(try await ask(served, exchange(parent, ["scope": scope]), client).json["error"] == "invalid_scope", "\(scope)")
            }
            // A grandchild is tied to all of the line.
            let middle = try #require(try await ask(served, exchange(parent), client).json["access_token"]?.stringValue)
            let last = try #require(try await ask(served, exchange(middle), client).json["access_token"]?.stringValue)
            try await served.revoke(middle)
            #expect(try await verdict(last, served)["reason"] == "token_revoked")
            #expect(try await verdict(token, served)["valid"] == true)
            let grandchild = try #require(try await ask(served, exchange(token), client).json["access_token"]?.stringValue)
            #expect(try await verdict(grandchild, served)["valid"] == true)
            try await served.revoke(parent)
            for gone in [token, grandchild] { #expect(try await verdict(gone, served)["reason"] == "token_revoked") }
            #expect(try await ask(served, exchange(parent), client).json["error"] == "invalid_grant")
        }
    }

    @Test("no exchange without a client, of a bound token without its certificate, or to another audience by a restricted client")
    func exchangeRefusals() async throws {
        try await ServedMember.with { served async throws in
            let client = try await trusted(served), restricted = try await trusted(served, restricted: true)
            let token = try await served.mint("alice", ["read"], ["audience": "a"])
            #expect(try await ask(served, exchange(token)).json["error"] == "invalid_client")
            let bound = try await served.mint("alice", ["read"], ["certificate_fingerprint": .string(String(repeating: "ab", count: 32))])
            #expect(try await ask(served, exchange(bound), client).json["error"] == "invalid_grant")
            #expect(try await ask(served, exchange(token, ["audience": "b"]), restricted).json["error"] == "invalid_target")
            #expect(try await ask(served, exchange(token, ["audience": "a"]), restricted).status == 200)
            let own = try await served.mint("alice", ["read"], ["certificate_fingerprint": .string(client.fingerprint)])
            let other = try await trusted(served)
            let rebound = try await ask(
                served, exchange(own, ["certificate_bound": "true", "client_assertion": try assertion(other, served), "client_assertion_type": OAuthTokenEndpoint.assertionType]), client)
            #expect(rebound.json["error"] == "invalid_request", "a bound token stays bound to its certificate: \(rebound)")
            let narrowed = try #require(try await ask(served, exchange(own), client).json["access_token"]?.stringValue)
            #expect(try await served.send("GET", "/auth/verify", token: narrowed).status == 401, "still bound")
            #expect(try await served.send("GET", "/auth/verify", token: narrowed, over: .tlsWith(client.certificate)).status == 200)
        }
    }

    @Test("an assertion made before its subject was revoked buys nothing; a restricted client revokes none of its own making")
    func revokedSubject() async throws {
        try await ServedMember.with { served async throws in
            let client = try await trusted(served), restricted = try await trusted(served, restricted: true)
            let proof = try assertion(client, served)
            #expect(try await ask(served, byAssertion(proof)).status == 200)
            _ = try await served.operate("POST", "/1.0/revocations", ["subject": .string(client.fingerprint)])
            #expect(try await ask(served, byAssertion(proof)).json["error"] == "invalid_client")
            let own = try restricted.token(["exp": .null])
            let answer = try await served.send("POST", "/oauth2/revoke", body: "token=\(own)", token: own, fields: Self.form)
            #expect(answer.status == 403, "\(answer)")
            #expect(served.member.view.state.revokedTokens.isEmpty)
        }
    }

    @Test("a client's tokens go with its entry, also those it got for others; a narrowed token goes with the key of the one it came from")
    func origins() async throws {
        try await ServedMember.with { served async throws in
            let client = try await trusted(served), other = try await trusted(served)
            let own = try #require(try await ask(served, ["grant_type": "client_credentials"], client).json["access_token"]?.stringValue)
            let parent = try await served.mint("alice", ["read"])
            let forAlice = try #require(try await ask(served, exchange(parent), client).json["access_token"]?.stringValue)
            let byOther = try #require(try await ask(served, exchange(try client.token()), other).json["access_token"]?.stringValue)
            for token in [own, forAlice, byOther] { #expect(try await verdict(token, served)["valid"] == true) }
            let revoked = try await served.operate("POST", "/1.0/revocations", ["certificate": .string(client.fingerprint)])
            for token in [own, forAlice] { #expect(try await verdict(token, served)["reason"] == "certificate_revoked") }
            _ = try await served.operate("DELETE", "/1.0/revocations/\(revoked["id"]?.stringValue ?? "")")
            _ = try await served.operate("DELETE", "/1.0/certificates/\(client.fingerprint)")
            for token in [own, forAlice] {
                #expect(try await verdict(token, served)["reason"] == "unknown_certificate")
                let steps = try await served.operate("POST", "/1.0/tokens/explain", ["token": .string(token)])
                #expect(steps["reason"] == "unknown_certificate" && steps.encodedString.contains("is trusted no more"), "\(steps.encodedString)")
            }
            #expect(try await verdict(byOther, served)["reason"] == "key_retired", "its parent was signed by the certificate that is gone")
            let explained = try await served.operate("POST", "/1.0/tokens/explain", ["token": .string(byOther)])
            #expect(explained["reason"] == "key_retired", "\(explained.encodedString)")
        }
    }

    @Test("a client that exchanges another's token keeps nothing of it when the other's certificate is revoked, or its entry removed")
    func exchangedFromClients() async throws {
        try await ServedMember.with { served async throws in
            let signer = try await trusted(served), getter = try await trusted(served), asker = try await trusted(served)
            let got = try #require(try await ask(served, ["grant_type": "client_credentials"], getter).json["access_token"]?.stringValue)
            var children: [String] = []
            for parent in [try signer.token(), got] {
                let child = try #require(try await ask(served, exchange(parent, ["scope": "read"]), asker).json["access_token"]?.stringValue)
                children += [child, try #require(try await ask(served, exchange(child), asker).json["access_token"]?.stringValue)]
            }
            let seen = try await verdict(children[3], served)
            #expect(seen["valid"] == true && seen["claims"]?["parent_client"] == .strings([getter.fingerprint, asker.fingerprint]))
            #expect(seen["claims"]?["parent_iat"]?.integerValue != nil)
            func expect(_ tokens: ArraySlice<String>, _ reason: String) async throws {
                for token in tokens {
                    #expect(try await verdict(token, served)["reason"] == .string(reason))
                    let explained = try await served.operate("POST", "/1.0/tokens/explain", ["token": .string(token)])
                    #expect(explained["reason"] == .string(reason), "\(explained.encodedString)")
                }
            }
            let revoked = try await served.operate("POST", "/1.0/revocations", ["certificate": .string(getter.fingerprint)])
            try await expect(children[2...], "certificate_revoked")
            _ = try await served.operate("DELETE", "/1.0/revocations/\(revoked["id"]?.stringValue ?? "")")
            _ = try await served.operate("DELETE", "/1.0/certificates/\(getter.fingerprint)")
            try await expect(children[2...], "unknown_certificate")
            for token in children[..<2] { #expect(try await verdict(token, served)["valid"] == true) }
            _ = try await served.operate("PATCH", "/1.0/certificates/\(signer.fingerprint)", ["restricted": true])
            try await expect(children[..<2], "insufficient_scope")
            _ = try await served.operate("POST", "/1.0/revocations", ["certificate": .string(signer.fingerprint)])
            try await expect(children[..<2], "certificate_revoked")
        }
    }

    @Test("requests that are none are refused as RFC 6749 has it")
    func badRequests() async throws {
        try await ServedMember.with { served async throws in
            let client = try await trusted(served)
            let cases: [([String: String], String)] = [
                ([:], "invalid_request"), (["grant_type": "password"], "unsupported_grant_type"),
                (["grant_type": "client_credentials", "scope": "a  b"], "invalid_scope"),
                (["grant_type": "client_credentials", "certificate_bound": "maybe"], "invalid_request"),
                (["grant_type": "client_credentials", "client_assertion": "x"], "invalid_request"),
                (["grant_type": "client_credentials", "client_id": "nobody"], "invalid_client"),
                (["grant_type": OAuthTokenEndpoint.tokenExchange], "invalid_request"),
                (exchange("x", ["subject_token_type": "saml"]), "invalid_request"), (exchange("x", ["actor_token": "y"]), "invalid_request"),
                (exchange("x"), "invalid_grant"),
            ]
            for (fields, code) in cases {
                let answer = try await ask(served, fields, client)
                #expect(answer.json["error"]?.stringValue == code && answer.json["error_description"]?.stringValue != nil, "\(fields): \(answer)")
                #expect(answer.status == (code == "invalid_client" ? 401 : 400))
            }
            let twice = try await served.send("POST", "/oauth2/token", body: "grant_type=client_credentials&scope=a&scope=b", fields: Self.form, over: .tlsWith(client.certificate))
            #expect(twice.json["error"] == "invalid_request")
        }
    }

    @Test("nobody mints by hand what only the token endpoint may say")
    func reservedClaims() async throws {
        try await ServedMember.with { served async throws in
            for name in ["client_id", "act", "parent_jti", "parent_kid", "parent_client", "parent_iat"] {
                let answer = try await served.send(
                    "POST", "/1.0/tokens", ["subject": "a", "scopes": [], "claims": .object([name: "x"])], over: ServedMember.root)
                #expect(answer.status == 400 && answer.error.contains(name))
            }
        }
    }
}

extension UInt8 {
    fileprivate var isASCIIAlphanumeric: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: false
        }
    }
}
