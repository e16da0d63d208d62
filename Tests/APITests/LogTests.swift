import JOSE
import Testing

@testable import API

@Suite("Logs", .timeLimit(.minutes(5)))
struct LogTests {
    @Test("no token reaches a log line, however it came and whatever became of it")
    func tokens() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("alice", ["admin"])
            let signature = try #require(token.split(separator: ".").last).prefix(20)
            for text in [token, token + "x"] {
                for name in ["access_token", "acces%73_token", "ACCESS_TOKEN", "token", "access_token%", "secret"] {
                    for path in ["/1.0", "/1.0/keys", "/nowhere", "/auth/verify", "/1.0/tokens/x"] {
                        _ = try await served.send("GET", "\(path)?a=b&\(name)=\(text)")
                    }
                }
                _ = try await served.send("GET", "/1.0/tokens/\(text)")
                _ = try await served.send("GET", "/1.0/keys?id_token=\(text)")
                _ = try await served.send("GET", "/1.0/keys", fields: ["X-Request-Id: \(text.prefix(128))"])
                _ = try await served.send("GET", "/1.0/keys", token: text)
                _ = try await served.send("GET", "/1.0/keys", fields: ["Authorization: \(text)"])
                _ = try await served.send("GET", "/auth/verify", token: text)
                for target in ["/1.0/tokens/verify", "/1.0/tokens/explain", "/1.0/revocations"] {
                    _ = try await served.send("POST", target, ["token": .string(text)], over: ServedMember.root)
                    _ = try await served.send(
                        "POST", target, ["token": .string(text), "x": .string(text)], over: ServedMember.root)
                    _ = try await served.send("POST", target, body: #"{"token":"\#(text)"#, over: ServedMember.root)
                }
            }
            #expect(served.log.lines.count > 60)
            #expect(!served.log.text.contains(signature))
            #expect(!served.log.text.contains("eyJ"), "not even the beginning of one")
            #expect(!served.log.text.contains(try #require(served.adminToken.split(separator: ".").last)))
        }
    }

    @Test("a refused credential is logged with the full reason and the request's id")
    func refusal() async throws {
        try await ServedMember.with { served async throws in
            let token = try await served.mint("alice", ["admin"])
            try await served.revoke(token)
            _ = try await served.send("GET", "/1.0/keys", token: token, fields: ["X-Request-Id: find-me"])
            #expect(served.log.lines.contains { $0.contains("find-me") && $0.contains("token_revoked") && $0.contains("403") })
        }
    }

    @Test(
        "a target is shortened, and what is secret in it blanked",
        arguments: [
            ("/a?x=1&access_token=s3cret&y=2", "/a?x=1&access_token=REDACTED&y=2"), ("/a?access_token", "/a?access_token=REDACTED"),
            ("/a?%61ccess_token=s3cret", "/a?%61ccess_token=REDACTED"), ("/a?b%zz=s3cret", "/a?b%zz=REDACTED"), ("/a?", "/a?"),
            ("/a", "/a"),
        ])
    func redaction(target: String, logged: String) {
        #expect(LoggedTarget.redacted(Array(target.utf8)[...]) == logged)
    }

    @Test("a long target is cut", arguments: [(512, 512), (513, 515)])
    func long(count: Int, logged: Int) {
        #expect(LoggedTarget.redacted(Array(repeating: UInt8(ascii: "/"), count: count)[...]).utf8.count == logged)
    }
}
