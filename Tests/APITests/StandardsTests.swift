import Cluster
import JOSE
import Testing

@testable import API

@Suite("What other people's software asks", .timeLimit(.minutes(5)))
struct StandardsTests {
    private static let form = ["Content-Type: application/x-www-form-urlencoded"]

    @Test("both discovery documents name the issuer that tokens carry, and places that answer")
    func discovery() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("a", ["read"])
            let claims = try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(token)])["claims"]
            for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
                let answer = try await served.send("GET", path)
                #expect(answer.status == 200 && answer.json["issuer"] == claims?["iss"], "\(answer)")
                #expect(answer.json["id_token_signing_alg_values_supported"] == ["ES256"])
                let document = try await served.send("GET", path).json
                let issuer = try #require(document["issuer"]?.stringValue)
                for name in ["jwks_uri", "introspection_endpoint", "revocation_endpoint"] {
                    let url = try #require(document[name]?.stringValue)
                    #expect(url.hasPrefix(issuer))
                    let method = name == "jwks_uri" ? "GET" : "POST"
                    #expect(try await served.send(method, String(url.dropFirst(issuer.count))).status != 404, "\(url)")
                }
            }
        }
    }

    @Test("introspection tells a good token's claims, and of a bad one nothing but that")
    func introspection() async throws {
        try await ServedMember.with { served async throws in
            let caller = try await served.mint("resource server", ["read"])
            let token = try await served.mint("alice", ["write", "reports"], ["audience": ["a"]])
            let good = try await served.send("POST", "/oauth2/introspect", body: "token=\(token)&token_type_hint=x&other=1", token: caller, fields: Self.form)
            #expect(good.status == 200 && good.json["active"] == true, "\(good)")
            #expect(good.json["sub"] == "alice" && good.json["scope"] == "write reports" && good.json["aud"] == "a")
            #expect(good.json["exp"]?.integerValue != nil && good.json["jti"]?.stringValue?.count == 22 && good.json["iss"] != nil)
            try await served.revoke(token)
            let forged = String(token.dropLast(4)) + "AAAA"
            for bad in [token, forged, "x.y.z", "nonsense"] {
                let answer = try await served.send("POST", "/oauth2/introspect", body: "token=\(bad)", token: caller, fields: Self.form)
                #expect(answer.status == 200 && answer.json == ["active": false], "\(answer)")
            }
        }
    }

    @Test("introspection of a token that is bound to a certificate tells which; the caller is to compare")
    func introspectionOfBound() async throws {
        try await ServedMember.with { served async throws in
            let fingerprint = String(repeating: "ab", count: 32)
            let token = try await served.mint("alice", ["read"], ["certificate_fingerprint": .string(fingerprint)])
            let answer = try await served.send("POST", "/oauth2/introspect", body: "token=\(token)", token: served.adminToken, fields: Self.form)
            #expect(answer.json["active"] == true && answer.json["cnf"]?["x5t#S256"] == .string(Base64URL.encode([UInt8](repeating: 0xAB, count: 32))))
            try await served.revoke(token)
            let after = try await served.send("POST", "/oauth2/introspect", body: "token=\(token)", token: served.adminToken, fields: Self.form)
            #expect(after.json == ["active": false])
        }
    }

    @Test("introspection needs a caller with read, a form, and the token once")
    func introspectionRefused() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("alice", ["reports"])
            func status(_ body: String, _ caller: String?, _ fields: [String] = Self.form) async throws -> Int {
                try await served.send("POST", "/oauth2/introspect", body: body, token: caller, fields: fields).status
            }
            #expect(try await status("token=\(token)", nil) == 401)
            #expect(try await status("token=\(token)", "nonsense") == 401)
            #expect(try await status("token=\(token)", token) == 403)
            #expect(try await status("token=\(token)", served.adminToken, ["Content-Type: application/json"]) == 415)
            #expect(try await status("token=\(token)&token=\(token)", served.adminToken) == 400)
            #expect(try await status("token=", served.adminToken) == 400)
            #expect(try await status("", served.adminToken) == 400)
            #expect(try await status("token=%zz", served.adminToken) == 400)
            #expect(try await served.send("POST", "/oauth2/introspect", body: "token=\(token)", token: served.adminToken, fields: Self.form, over: .clear).status == 404)
        }
    }

    @Test("a token is revoked by an administrator or by its bearer, and by nobody else")
    func revocation() async throws {
        try await ServedMember.with { served async throws in
            let other = try await served.mint("other", ["write"])
            let first = try await served.mint("first", ["read"]), second = try await served.mint("second", ["read"])
            func revoke(_ token: String, by caller: String?) async throws -> Int {
                try await served.send("POST", "/oauth2/revoke", body: "token=\(token)", token: caller, fields: Self.form).status
            }
            func reason(_ token: String) async throws -> JSON? {
                try await served.operate("POST", "/1.0/tokens/verify", ["token": .string(token)])["reason"]
            }
            #expect(try await revoke(first, by: nil) == 401)
            #expect(try await revoke(first, by: other) == 403)
            #expect(try await revoke(first, by: second) == 403)
            #expect(try await reason(first) == nil)
            #expect(try await revoke(first, by: first) == 200)
            #expect(try await revoke(second, by: served.adminToken) == 200)
            for token in [first, second] { #expect(try await reason(token) == "token_revoked") }
            let index = served.member.view.index
            // What is no good already is no error, and nothing is written for it.
            for bad in [first, "nonsense", "x.y.z"] { #expect(try await revoke(bad, by: served.adminToken) == 200) }
            #expect(try await revoke("nonsense", by: "nonsense") == 200)
            #expect(served.member.view.index == index)
        }
    }

    @Test("a TokenReview is answered with names that cannot pass for Kubernetes' own")
    func tokenReview() async throws {
        try await ServedMember.with { served async throws in
            func review(_ token: String, _ audiences: JSON? = nil) async throws -> JSON {
                var spec: JSONObject = ["token": .string(token)]
                spec["audiences"] = audiences
                let body: JSON = ["apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "metadata": [:], "spec": .object(spec)]
                let answer = try await served.send("POST", "/kubernetes/tokenreview", body)
                #expect(answer.status == 200 && answer.json["kind"] == "TokenReview" && answer.json["apiVersion"] == "authentication.k8s.io/v1")
                return answer.json["status"] ?? .null
            }
            let open = try await served.mint("system:admin", ["read", "system:masters"])
            let good = try await review(open)
            #expect(good["authenticated"] == true && good["audiences"] == nil)
            #expect(good["user"]?["username"] == "credence:system:admin")
            #expect(good["user"]?["groups"] == ["credence:read", "credence:system:masters"])
            let token = try await served.mint("alice", ["read"], ["audience": ["a", "b"]])
            #expect(try await review(token)["authenticated"] == false, "it is meant for another service")
            #expect(try await review(token, ["b", "c"])["audiences"] == ["b"])
            #expect(try await review(token, ["c"]) == ["authenticated": false, "error": "audience_mismatch"])
            #expect(try await review("x.y.z") == ["authenticated": false, "error": "malformed"])
            try await served.revoke(token)
            let revoked = try await review(token)
            #expect(revoked["authenticated"] == false && revoked["user"] == nil)
            for body in [["spec": [:]], ["apiVersion": "v1", "spec": ["token": "a"]], ["kind": "Pod", "spec": ["token": "a"]], [:]] as [JSON] {
                #expect(try await served.send("POST", "/kubernetes/tokenreview", body).status == 400)
            }
        }
    }
}
