import JOSE
import Testing

extension ClusterTests {
    @Suite("Joining")
    struct JoinTests {
        @Test("a token made on any member admits a fourth, once")
        func fourthMember() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let follower = try #require(members.first { $0 != leader })
                let token = try await cluster.joinToken(for: "m4", madeOn: follower)
                let fourth = try await cluster.join("m4", with: token)

                let minted = try await fourth.mint("alice", by: admin)
                let index = try #require(try await fourth.revoke(minted, by: admin))
                for member in members + [fourth] {
                    #expect(try await member.verdict(on: minted, from: index)["reason"] == "token_revoked")
                }

                let again = try await joiner("m4", directory: "again", of: cluster).attempt(with: token)
                #expect(again.exitCode == 1, "\(again.transcript)")
                #expect(again.errorOutput.contains("used"), "\(again.transcript)")
            }
        }

        @Test("one token used at the same instant on two members admits exactly one")
        func sameInstant() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                for round in 4..<7 {
                    let name = "m\(round)"
                    let token = try await cluster.joinToken(for: name, madeOn: members[0])
                    let through = try members.suffix(2).map {
                        try JoinTokenText(token).changing("addresses", to: [.string($0.address)])
                    }
                    let joiners = [
                        try await joiner(name, directory: "\(name)-a", of: cluster),
                        try await joiner(name, directory: "\(name)-b", of: cluster),
                    ]
                    async let first = joiners[0].attempt(with: through[0])
                    async let second = joiners[1].attempt(with: through[1])
                    let results = try await [first, second]
                    #expect(
                        results.map(\.exitCode).sorted { ($0 ?? -1) < ($1 ?? -1) } == [0, 1],
                        "\(results[0].transcript)\n\n\(results[1].transcript)")
                    let list = try await members[1].callLocally("GET", "/1.0/cluster/members?recursion=1").metadata
                    let named = (list.arrayValue ?? []).count { $0["server_name"]?.stringValue == name }
                    #expect(named == 1, "\(list)")
                }
            }
        }

        @Test("a join that was refused leaves nothing behind: the same directory joins with the right token")
        func wrongSecret() async throws {
            try await withCluster(["m1"]) { cluster in
                let token = try await cluster.joinToken(for: "m2", madeOn: cluster[0])
                let joiner = try await joiner("m2", directory: "m2", of: cluster)
                let wrong = try JoinTokenText(token).changing("secret", to: .string(String(repeating: "0", count: 64)))
                let refused = try await joiner.attempt(with: wrong)
                #expect(refused.exitCode == 1, "\(refused.transcript)")
                #expect(refused.errorOutput.contains("credence cluster add"), "says what to do: \(refused.transcript)")
                #expect(!refused.errorOutput.contains("000000"), "a secret is not repeated")
                let joined = try await joiner.attempt(with: token)
                #expect(joined.exitCode == 0, "\(joined.transcript)")
            }
        }

        @Test("a joiner turns away from a cluster whose CA is not the one in its token, and the token stays good")
        func wrongAuthority() async throws {
            try await withCluster(["m1"]) { cluster in
                let token = try await cluster.joinToken(for: "m2", madeOn: cluster[0])
                let joiner = try await joiner("m2", directory: "m2", of: cluster)
                let forged = try JoinTokenText(token).changing("fingerprint", to: .string(String(repeating: "a", count: 64)))
                let refused = try await joiner.attempt(with: forged)
                #expect(refused.exitCode == 1 || refused.exitCode == 3, "\(refused.transcript)")
                #expect(refused.errorOutput.contains("certificate"), "\(refused.transcript)")
                let joined = try await joiner.attempt(with: token)
                #expect(joined.exitCode == 0, "\(joined.transcript)")
            }
        }

        @Test("text that is no join token is refused and leaves nothing", arguments: ["nonsense", "e30=", "{}"])
        func noToken(text: String) async throws {
            try await withCluster(["m1"]) { cluster in
                let joiner = try await joiner("m2", directory: "m2", of: cluster)
                let refused = try await joiner.attempt(with: text)
                #expect(refused.exitCode == 1 || refused.exitCode == 2, "\(refused.transcript)")
                #expect(refused.errorOutput.contains("credence cluster add"), "\(refused.transcript)")
                let left = try Files.all(below: joiner.data).filter { !$0.hasSuffix("/lock") }
                #expect(left.isEmpty, "\(left)")
            }
        }

        @Test("a token for a name that the cluster already has is not made")
        func takenName() async throws {
            try await withCluster(["m1"]) { cluster in
                let refused = try await cluster[0].operate("cluster", "add", "m1")
                #expect(refused.exitCode == 1)
                #expect(refused.errorOutput.contains("already has a member"), "\(refused.transcript)")
            }
        }

        private func joiner(_ name: String, directory: String, of cluster: TestCluster) async throws -> Joiner {
            Joiner(
                name: name, data: "\(cluster.directory)/\(directory)", port: try await FreePorts.take(),
                keystoreArguments: cluster.keystoreArguments)
        }
    }
}

/// A process that joins and then ends, so that its exit code tells how the join went.
struct Joiner: Sendable {
    let name: String
    let data: String
    let port: Int
    let keystoreArguments: [String]

    func attempt(with token: String) async throws -> Command {
        let arguments = ["serve", "--data", data, "--name", name, "--listen", "127.0.0.1:\(port)", "--join", token]
        return try await Command.run(Binary.path, arguments + ["--exit-after-init"] + keystoreArguments)
    }
}

/// A join token's inside: base64 of a JSON object.
struct JoinTokenText {
    private(set) var object: JSONObject

    init(_ text: String) throws {
        guard let bytes = Base64.decode(text), let object = try JSON(parsing: bytes).objectValue else {
            throw TestFailure("not a join token: \(text)")
        }
        self.object = object
    }

    func changing(_ name: String, to value: JSON) -> String {
        var changed = object
        changed[name] = value
        return Base64.encode(JSON.object(changed).encoded())
    }
}
