import JOSE
import Testing

@testable import API

@Suite("Forward-auth", .timeLimit(.minutes(5)))
struct ForwardAuthTests {
    @Test("a good token: 200, an empty body, and who it is in headers", arguments: ["GET", "POST", "HEAD"])
    func accepted(method: String) async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("alice", ["read", "reports"])
            for channel in [ServedMember.Channel.tls, .clear] {
                let answer = try await served.send(method, "/auth/verify", token: token, over: channel)
                #expect(answer.status == 200 && answer.body.isEmpty, "\(answer)")
                #expect(answer.fields["x-auth-subject"] == "alice")
                #expect(answer.fields["x-auth-scopes"] == "read reports")
                #expect(answer.fields["x-auth-method"] == "cluster")
                #expect(answer.fields["x-auth-token-id"]?.count == 22)
                #expect(answer.fields["credence-member"] == "n1" && answer.fields["x-request-id"] != nil)
            }
        }
    }

    @Test("no token and a bad token: 401, and no word about why beyond what the text tells")
    func refused() async throws {
        try await ServedMember.with { served async throws in
            let missing = try await served.send("GET", "/auth/verify")
            #expect(missing.status == 401 && missing.challenge == "Bearer", "\(missing)")
            let malformed = try await served.send("GET", "/auth/verify", token: "x.y.z")
            #expect(malformed.status == 401)
            #expect(malformed.challenge == #"Bearer error="invalid_token", error_description="malformed""#, "\(malformed)")
            let revoked = try await served.mint("alice", ["read"])
            try await served.revoke(revoked)
            let answer = try await served.send("GET", "/auth/verify", token: revoked)
            #expect(answer.status == 401 && answer.challenge == #"Bearer error="invalid_token""#, "\(answer)")
            #expect(!answer.text.contains("revoked"))
            #expect(served.log.text.contains("token_revoked"))
            #expect(answer.fields["x-auth-subject"] == nil)
        }
    }

    @Test("a good token that does not reach: 403, for scope and for audience")
    func forbidden() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("alice", ["write", "reports"], ["audience": ["a", "b"]])
            let cases: [(query: String, status: Int)] = [
                ("scope=read", 200), ("scope=write", 200), ("scope=reports", 200), ("scope=write+reports", 200),
                ("scope=write%20reports&audience=b", 200), ("audience=a", 200), ("scope=", 400), ("project=x", 400),
                ("scope=admin", 403), ("scope=report", 403), ("scope=write+admin", 403), ("scope=%20", 403),
                ("audience=c", 403), ("audience=A", 403), ("scope=read&audience=c", 403),
                ("audience=a&audience=c", 400), ("scope=read&scope=admin", 400), ("scope=%4", 400),
            ]
            for (query, status) in cases {
                let answer = try await served.send("GET", "/auth/verify?\(query)", token: token)
                #expect(answer.status == status, "\(query): \(answer)")
            }
            let scope = try await served.send("GET", "/auth/verify?scope=admin", token: token)
            #expect(scope.challenge == #"Bearer error="insufficient_scope", scope="admin""#)
        }
    }

    @Test("other methods are refused, and a path that only begins like it is another path")
    func shape() async throws {
        try await ServedMember.with { served async throws in
            let answer = try await served.send("DELETE", "/auth/verify", token: served.adminToken)
            #expect(answer.status == 405 && answer.fields["allow"] == "GET, HEAD, POST")
            #expect(try await served.send("GET", "/auth/verifyx", token: served.adminToken).status == 404)
            #expect(try await served.send("GET", "/auth/verify/", token: served.adminToken).status == 404)
        }
    }

    @Test("the log tells the status that the proxy got")
    func loggedStatus() async throws {
        try await ServedMember.with { served async throws in
            _ = try await served.send("GET", "/auth/verify", fields: ["X-Request-Id: find-me"])
            #expect(served.log.lines.contains { $0.contains("find-me") && $0.contains("GET /auth/verify 401") }, "\(served.log.lines)")
        }
    }

    @Test("being root on the Unix socket is no token")
    func rootNeedsAToken() async throws {
        try await ServedMember.with { served async throws in
            #expect(try await served.send("GET", "/auth/verify", over: ServedMember.root).status == 401)
        }
    }

    @Test("what a token says cannot become a header of its own")
    func headerText() {
        #expect(HeaderText.escaped("a\r\nX-Auth-Scopes: admin") == "a%0D%0AX-Auth-Scopes:%20admin")
        #expect(HeaderText.escaped("100%") == "100%25")
        #expect(HeaderText.escaped("\u{0}\u{7F}é") == "%00%7F%C3%A9")
        #expect(HeaderText.escaped("plain-Text_09~") == "plain-Text_09~")
    }

    @Test("a subject with a space and umlauts arrives escaped")
    func escapedSubject() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("Jürg Müller", ["read"])
            let answer = try await served.send("GET", "/auth/verify", token: token)
            #expect(answer.fields["x-auth-subject"] == "J%C3%BCrg%20M%C3%BCller")
        }
    }

    @Test("what is told of a token is this one's, also when more are asked about than are remembered, in any order")
    func manyTokens() async throws {
        try await ServedMember.with { served async throws in
            var tokens: [(subject: String, token: String)] = []
            for number in 0..<VouchedLines.countMax + 40 {
                tokens.append(("user-\(number)", try await served.mint("user-\(number)", ["read"])))
            }
            for (subject, token) in tokens + tokens.shuffled() {
                let answer = try await served.send("GET", "/auth/verify", token: token)
                #expect(answer.status == 200 && answer.fields["x-auth-subject"] == subject, "\(answer)")
            }
        }
    }

    @Test("a misspelt or empty parameter is refused: it must not become a check that nobody makes",
        arguments: ["scopes=admin", "Scope=admin", "scope=", "audience=", "aud=me", "scope=read&scope=admin", "x"])
    func misspelt(query: String) async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("alice", ["read"])
            let answer = try await served.send("GET", "/auth/verify?\(query)", token: token)
            #expect(answer.status == 400 && answer.fields["x-auth-subject"] == nil, "\(answer)")
        }
    }

    @Test("who has no token may not wait, and who has one may not wait at will")
    func waitsAreLimited() async throws {
        try await ServedMember.with { served async throws in
            let far = ["Credence-Min-Index: 4000000000", "Credence-Timeout: 1ms"]
            let nobody = try await served.send("GET", "/auth/verify", fields: far)
            #expect(nobody.status == 401, "\(nobody)")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<800 {
                    group.addTask {
                        try await served.send("GET", "/auth/verify", token: "eyJ.eyJ.x", fields: far).status
                    }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(statuses == [503, 429])
        }
    }
}
