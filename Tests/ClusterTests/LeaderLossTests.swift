import JOSE
import Testing

extension ClusterTests {
    @Suite("Losing members")
    struct LeaderLossTests {
        @Test("a leader killed while revocations stream in costs none that was acknowledged, and no verification")
        func leaderKilledDuringRevocations() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let survivors = members.filter { $0 != leader }
                let steady = try await survivors[0].mint("steady", by: admin)
                var tokens: [String] = []
                for number in 0..<60 { tokens.append(try await survivors[0].mint("victim \(number)", by: admin)) }

                let watches = survivors.map { VerificationWatch(of: steady, on: $0) }
                var acknowledged: [(token: String, index: Int64)] = []
                var afterTheKill = 0
                for (number, token) in tokens.enumerated() {
                    if number == 20 { try await cluster.kill(leader) }
                    // A refusal (503: no leader yet) acknowledges nothing; the client tries again, as a client would.
                    let index = try await eventually("revocation \(number) is acknowledged") {
                        try await survivors[number % 2].revoke(token, by: admin)
                    }
                    acknowledged.append((token, index))
                    if number >= 20 { afterTheKill += 1 }
                }
                #expect(afterTheKill == 40, "writes resume by themselves")

                for watch in watches {
                    let (asked, failures) = await watch.stop()
                    #expect(asked > 20, "the watch must have watched")
                    #expect(failures.isEmpty, "\(failures.prefix(3))")
                }
                try await expectRefused(acknowledged, on: survivors)
                try await cluster.start(leader)
                try await expectRefused(acknowledged, on: [leader])
                #expect(try await leader.verdict(on: steady)["valid"] == true)
            }
        }

        @Test("all members killed during revocations come back with the same keys, the same verdicts and every acknowledged revocation")
        func allKilled() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let keys = try await members[0].call("GET", "/.well-known/jwks.json").json
                try #require(keys["keys"]?.arrayValue?.isEmpty == false)
                let kept = try await members[0].mint("kept", by: admin)
                var tokens: [String] = []
                for number in 0..<40 { tokens.append(try await members[0].mint("victim \(number)", by: admin)) }

                var acknowledged: [(token: String, index: Int64)] = []
                for token in tokens.prefix(30) {
                    acknowledged.append((token, try #require(try await members[1].revoke(token, by: admin))))
                }
                // The rest is under way when the power goes.
                let rest = tokens.suffix(10)
                let stream = Task {
                    var indexes: [(token: String, index: Int64)] = []
                    for token in rest {
                        guard let index = try await members[2].revoke(token, by: admin) else { break }
                        indexes.append((token, index))
                    }
                    return indexes
                }
                for member in members { try await cluster.kill(member) }
                acknowledged += try await stream.value

                for member in members { try await cluster.launch(member) }
                for member in members { try await cluster.awaitReady(member) }
                for member in members {
                    #expect(try await member.call("GET", "/.well-known/jwks.json").json == keys, "\(member.name)")
                    let verdict = try await member.verdict(on: kept)
                    #expect(verdict["valid"] == true, "\(member.name): \(verdict)")
                }
                try await expectRefused(acknowledged, on: members)
                #expect(try await members[2].revoke(kept, by: admin) != nil, "writes go on")
            }
        }

        @Test("a member without its majority vouches only while it can prove that it is current, and takes no writes")
        func alone() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let token = try await members[0].mint("alice", by: admin)
                let other = try await members[0].mint("bob", by: admin)
                try await cluster.kill(members[1])
                try await cluster.kill(members[2])
                let verdict = try await eventually("the last member refuses to vouch") {
                    let verdict = try await members[0].verdict(on: token)
                    return verdict["valid"] == true ? nil : verdict
                }
                #expect(verdict["reason"] == "member_stale")
                #expect(try await members[0].call("GET", "/auth/verify", token: token).status == 503)
                #expect(try await members[0].callLocally("GET", "/readyz").status == 503)
                let body: JSON = ["token": .string(other), "wait": "committed"]
                let refused = try await members[0].callLocally("POST", "/1.0/revocations", body)
                #expect(refused.status == 503, "\(refused.summary)")

                try await cluster.start(members[1])
                try await cluster.awaitReady(members[0])
                #expect(try await members[0].verdict(on: token)["valid"] == true)
            }
        }

        private func expectRefused(_ revoked: [(token: String, index: Int64)], on members: [Member]) async throws {
            for member in members {
                for (token, index) in revoked {
                    let verdict = try await member.verdict(on: token, from: index)
                    #expect(verdict["reason"] == "token_revoked", "\(member.name), entry \(index): \(verdict)")
                }
            }
        }
    }
}

/// Verifies one good token on one member, again and again, as a proxy would, and remembers every answer but yes.
struct VerificationWatch {
    private let task: Task<(asked: Int, failures: [String]), Never>

    init(of token: String, on member: Member) {
        task = Task {
            var asked = 0
            var failures: [String] = []
            while !Task.isCancelled {
                asked += 1
                guard let answer = try? await member.call("GET", "/auth/verify", token: token) else { continue }
                if answer.status != 200, !Task.isCancelled { failures.append("\(member.name): \(answer.summary)") }
            }
            return (asked, failures)
        }
    }

    func stop() async -> (asked: Int, failures: [String]) {
        task.cancel()
        return await task.value
    }
}
