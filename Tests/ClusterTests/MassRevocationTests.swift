import FoundationEssentials
import JOSE
import Testing

extension ClusterTests {
    @Suite("Mass revocation")
    struct MassRevocationTests {
        private static let count = 100_000

        @Test("a hundred thousand tokens in one request are refused everywhere afterwards, under the same leader")
        func oneRequest() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                var tokens: [(id: String, text: String)] = []
                for number in 0..<30 {
                    let made = try await members[number % 3].call(
                        "POST", "/1.0/tokens", ["subject": "alice", "scopes": ["read"], "expires_in": 3600], token: admin
                    ).metadata
                    tokens.append((try #require(made["id"]?.stringValue), try #require(made["token"]?.stringValue)))
                }
                // Real ones among many: at the beginning, at the end and between.
                var ids = (0..<Self.count - tokens.count).map { number in
                    let digits = String(number)
                    return String(repeating: "m", count: 22 - digits.utf8.count) + digits
                }
                for (position, token) in tokens.enumerated() { ids.insert(token.id, at: position * (Self.count - 1) / (tokens.count - 1)) }
                #expect(ids.count == Self.count)
                let file = "\(cluster.directory)/ids.json"
                let body: JSON = ["token_ids": .strings(ids), "reason": "leak", "wait": "everywhere"]
                try Files.write(body.encodedString, to: file)

                let before = try await members[0].callLocally("GET", "/1.0/cluster/status").metadata
                let follower = try #require(members.last)
                func post(_ token: String?) async throws -> Command {
                    let credential = token.map { ["--header", "Authorization: Bearer \($0)"] } ?? []
                    return try await Command.run(
                        "curl",
                        ["--silent", "--insecure", "--max-time", "280", "--write-out", "\n%{http_code}", "--header", "Content-Type: application/json"]
                            + credential + ["--data-binary", "@\(file)", "https://\(follower.address)/1.0/revocations"], secondsMax: 290)
                }
                #expect(try await post(nil).line.hasSuffix("413"), "a stranger's long body is not read")
                let reader = try await follower.mint("reader", scopes: ["read"], by: admin)
                #expect(try await post(reader).line.hasSuffix("413"), "nor that of one who is no administrator")
                let clock = ContinuousClock.now
                let done = try await post(admin)
                print("one request of \(Self.count) ids, \(Files.text(file).utf8.count) bytes: \(ContinuousClock.now - clock)")
                #expect(done.line.hasSuffix("201"), "\(done.transcript)")
                #expect(done.output.contains(#""count":\#(Self.count)"#) && done.output.contains(#""effective_everywhere":true"#), "\(done.output)")
                for member in members {
                    for token in tokens {
                        #expect(try await member.verdict(on: token.text)["reason"] == "token_revoked", "\(member.name)")
                    }
                    #expect(try await member.callLocally("GET", "/metrics").body.contains(#"credence_stored{kind="revoked_tokens"} \#(Self.count)"#))
                }
                let after = try await members[0].callLocally("GET", "/1.0/cluster/status").metadata
                #expect(after["term"] != nil && after["term"] == before["term"], "the leader kept its followers")
            }
        }
    }
}
