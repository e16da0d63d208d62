import Cluster
import EventLoop
import HTTPTypes
import JOSE
import Testing
import Tokens
import TrustStore

@testable import API

@Suite("Authorisation", .timeLimit(.minutes(5)))
struct AuthorisationTests {
    private static let guarded = EndpointTable.all.endpoints.filter { $0.access != .open }

    private static func target(_ endpoint: Endpoint) -> String {
        endpoint.path.parameterNames.reduce(endpoint.path.template) { path, name in
            path.split(separator: "{\(name)}", omittingEmptySubsequences: false).joined(separator: "nobody")
        }
    }

    private static func needed(_ endpoint: Endpoint) -> StandardScope? {
        switch endpoint.access {
        case .open: nil
        case .scope(let scope), .scopeOrUnixSocket(let scope), .scopeOrRestricted(let scope), .scopeOrMetrics(let scope): scope
        }
    }

    @Test("each guarded route refuses no credential, too little scope, a revoked and a not yet valid token")
    func refusals() async throws {
        try await ServedMember.with { served async throws in
            let below: [StandardScope: [String]] = [.read: ["custom"], .admin: ["read", "write", "sign", "custom"]]
            var tokens: [StandardScope: String] = [:]
            for (scope, scopes) in below { tokens[scope] = try await served.mint("low", scopes) }
            let revoked = try await served.mint("gone", ["admin"])
            try await served.revoke(revoked)
            let early = try await served.mint(
                "early", ["admin"], ["not_before": .integer(WallClock.nowSeconds() + 1000), "expires_in": 5000])
            for endpoint in Self.guarded {
                let (method, target) = (endpoint.method.rawValue, Self.target(endpoint))
                let scope = try #require(Self.needed(endpoint))
                let cases: [(token: String?, challenge: String)] = [
                    (nil, "Bearer"),
                    (tokens[scope], #"Bearer error="insufficient_scope", scope="\#(scope.rawValue)""#),
                    (revoked, #"Bearer error="invalid_token""#),
                    (early, #"Bearer error="invalid_token", error_description="not_yet_valid""#),
                    ("nonsense", #"Bearer error="invalid_token", error_description="malformed""#),
                ]
                for (token, challenge) in cases {
                    let body = endpoint.method == .get || endpoint.method == .delete ? nil : "{}"
                    let answer = try await served.send(method, target, body: body, token: token)
                    let status = endpoint.isUnderAPI || challenge.contains("insufficient_scope") ? 403 : 401
                    #expect(answer.status == status && answer.challenge == challenge, "\(method) \(target): \(answer)")
                    #expect(answer.json["type"] == "error" && answer.error.hasPrefix("not authorized"))
                    #expect(!answer.text.contains("revoked"))
                }
            }
        }
    }

    @Test("each guarded route lets the scope it names pass")
    func passes() async throws {
        try await ServedMember.with { served async throws in
            for endpoint in Self.guarded {
                let scope = try #require(Self.needed(endpoint))
                let token = try await served.mint("just", [scope.rawValue])
                let body = endpoint.method == .get || endpoint.method == .delete ? nil : "{}"
                let answer = try await served.send(endpoint.method.rawValue, Self.target(endpoint), body: body, token: token)
                #expect(answer.status != 403 && answer.status != 401, "\(endpoint.path.template): \(answer)")
            }
        }
    }

    @Test("a forged token is a stranger's, and nobody is told why")
    func forged() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("a", ["admin"])
            let parts = token.split(separator: ".")
            let other = try await served.mint("b", ["admin"]).split(separator: ".")
            let answer = try await served.send("GET", "/1.0/keys", token: "\(parts[0]).\(parts[1]).\(other[2])")
            #expect(answer.status == 403 && answer.challenge == #"Bearer error="invalid_token""#, "\(answer)")
            #expect(served.log.text.contains("bad_signature"), "the log is told")
        }
    }

    @Test("a token for another service does not speak for its holder here")
    func foreignAudience() async throws {
        try await ServedMember.with { served async throws in
            let foreign = try await served.mint("svc", ["admin"], ["audience": "https://elsewhere"])
            #expect(try await served.send("GET", "/1.0/keys", token: foreign).status == 403)
            let issuer = try #require(served.member.view.tokens.state.cluster?.issuer)
            let ours = try await served.mint("svc", ["admin"], ["audience": .string(issuer)])
            #expect(try await served.send("GET", "/1.0/keys", token: ours).status == 200)
        }
    }

    @Test("a token bound to a certificate is no credential without it")
    func bound() async throws {
        try await ServedMember.with { served async throws in
            let bound = try await served.mint(
                "svc", ["admin"], ["certificate_fingerprint": .string(String(repeating: "ab", count: 32))])
            #expect(try await served.send("GET", "/1.0/keys", token: bound).status == 403)
            #expect(try await served.send("GET", "/auth/verify", token: bound).status == 401)
        }
    }

    @Test("on the Unix socket root and the daemon's user are administrators, and nobody else")
    func unixSocket() async throws {
        try await ServedMember.with { served async throws in
            for (userID, status) in [(UInt32(0), 200), (ServedMember.ownUserID, 200), (ServedMember.ownUserID + 1, 403)] {
                #expect(try await served.send("GET", "/1.0/keys", over: .unix(userID: userID)).status == status)
            }
            let reader = try await served.mint("r", ["read"])
            #expect(try await served.send("GET", "/1.0/keys", token: reader, over: .unix(userID: 7)).status == 200)
            #expect(try await served.send("DELETE", "/1.0/tokens/x", token: reader, over: .unix(userID: 7)).status == 403)
            // Peer credentials come first: a bad token does not take them away.
            #expect(try await served.send("GET", "/1.0/keys", token: "nonsense", over: ServedMember.root).status == 200)
        }
    }

    @Test("any local user may have a token explained, no remote one below admin")
    func explain() async throws {
        try await ServedMember.with { served async throws in
            let body: JSON = ["token": "x"]
            #expect(try await served.send("POST", "/1.0/tokens/explain", body, over: .unix(userID: 7)).status == 200)
            #expect(try await served.send("POST", "/1.0/tokens/explain", body).status == 403)
            #expect(try await served.send("POST", "/1.0/tokens/explain", body, token: served.adminToken).status == 200)
        }
    }

    @Test("where a token may stand: Authorization, any case of the scheme; access_token under /1.0 only")
    func places() async throws {
        try await ServedMember.with { served async throws in
            let token = served.adminToken
            for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
                #expect(try await served.send("GET", "/1.0/keys", fields: ["Authorization: \(scheme) \(token)"]).status == 200)
            }
            for value in [
                "Bearer  \(token)", "Bearer \(token) x", "Bearer\t\(token)", token, "Basic \(token)", "Bearer", "Bearers \(token)",
            ] {
                #expect(
                    try await served.send("GET", "/1.0/keys", fields: ["Authorization: \(value)"]).status == 403,
                    "\(value.prefix(10))")
            }
            #expect(try await served.send("GET", "/1.0/keys?access_token=\(token)").status == 200)
            #expect(try await served.send("GET", "/1.0/keys?access_token=\(token)&access_token=\(token)").status == 403)
            #expect(try await served.send("GET", "/1.0/keys?access_token=\(token)", token: "bad").status == 403, "the header wins")
            #expect(
                try await served.send("GET", "/1.0/keys?access_token=\(token)", fields: ["Authorization: Basic eA=="]).status
                    == 200,
                "another scheme leaves the parameter in force")
            #expect(try await served.send("GET", "/auth/verify?access_token=\(token)").status == 400)
        }
    }

    @Test("a page of another site cannot act through a browser", arguments: ["cross-site", "same-site"])
    func foreignSite(site: String) async throws {
        try await ServedMember.with { served async throws in
            let answer = try await served.send("GET", "/1.0/keys", token: served.adminToken, fields: ["Sec-Fetch-Site: \(site)"])
            #expect(answer.status == 403)
            #expect(
                try await served.send("GET", "/1.0/keys", token: served.adminToken, fields: ["Sec-Fetch-Site: same-origin"]).status
                    == 200)
        }
    }
}
