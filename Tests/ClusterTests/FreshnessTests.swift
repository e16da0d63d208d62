import JOSE
import Testing

extension ClusterTests {
    @Suite("The freshness promise")
    struct FreshnessTests {
        @Test("a member that was suspended during a revocation never accepts the token when it wakes", arguments: ["leader", "follower"])
        func wakesUpRefusing(role: String) async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let followers = members.filter { $0 != leader }
                if role == "leader" {
                    try await suspendAndWake(leader, others: followers, of: cluster)
                } else {
                    try await suspendAndWake(followers[0], others: [leader, followers[1]], of: cluster)
                }
            }
        }

        @Test("a revocation with wait=everywhere returns once nobody accepts the token, whether it heard or fell silent")
        func everywhere() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let followers = members.filter { $0 != leader }

                let first = try await leader.mint("alice", by: admin)
                let all = try await Self.revokeEverywhere(first, on: followers[0], by: admin)
                #expect(Self.reasons(all) == ["applied", "applied", "applied"], "\(all)")
                for member in members {
                    let answer = try await member.call("GET", "/auth/verify", token: first)
                    #expect(answer.status == 401, "\(member.name): \(answer.summary)")
                }

                let second = try await leader.mint("bob", by: admin)
                try await cluster.suspend(followers[1])
                let most = try await Self.revokeEverywhere(second, on: followers[0], by: admin)
                #expect(Self.reasons(most) == ["applied", "applied", "stale"], "\(most)")
                let questions = Questions(20, to: followers[1], about: second)
                try await cluster.resume(followers[1])
                for status in try await questions.statuses() {
                    #expect(status == 401 || status == 503, "HTTP \(status)")
                }
            }
        }

        @Test("under the policy serve a member that is cut off vouches with a warning, for others only, and everywhere is not claimed")
        func serving() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let others = members.filter { $0 != leader }
                let set = try await leader.operate("config", "set", "staleness_policy=serve", "max_staleness_milliseconds=2500")
                #expect(set.exitCode == 0, "\(set.transcript)")
                let token = try await leader.mint("alice", by: admin)
                for member in members {
                    _ = try await eventually("\(member.name) has heard of the policy") {
                        try await member.callLocally("GET", "/1.0/cluster/settings").metadata["staleness_policy"] == "serve" ? true : nil
                    }
                    #expect(try await member.call("GET", "/auth/verify", token: token).fields["warning"] == nil)
                }

                // Two of three are gone: the third proves nothing any more.
                try await cluster.suspend(leader)
                try await cluster.suspend(others[1])
                let alone = others[0]
                let answer = try await eventually("it vouches with a warning") {
                    let answer = try await alone.call("GET", "/auth/verify", token: token)
                    #expect(answer.status == 200, "\(answer.summary)")
                    return answer.fields["warning"] == nil ? nil : answer
                }
                #expect(answer.fields["warning"]?.hasPrefix("110 - \"member_stale") == true)
                let verdict = try await alone.verdict(on: token)
                #expect(verdict["valid"] == true && verdict["warning"] == "member_stale", "\(verdict)")
                #expect(try await alone.callLocally("GET", "/readyz").status == 200)
                // Nobody acts on the cluster by what may have been taken from him since.
                #expect(try await alone.call("GET", "/1.0/keys", token: admin).status == 503)
                try await cluster.resume(leader)
                try await cluster.resume(others[1])
                _ = try await eventually("it is current again") {
                    try await alone.call("GET", "/auth/verify", token: token).fields["warning"] == nil ? true : nil
                }

                try await cluster.suspend(others[1])
                let body: JSON = ["token": .string(token), "wait": "everywhere"]
                let revoked = try await eventually("the revocation is committed") { () -> JSON? in
                    let answer = try await alone.call("POST", "/1.0/revocations", body, token: admin)
                    return answer.metadata["index"] == nil ? nil : answer.metadata
                }
                #expect(revoked["effective_everywhere"] == false && Self.reasons(revoked) == ["applied", "applied", "unknown"], "\(revoked)")

                // Back to refusing: whoever has not heard of that is not counted as refusing.
                _ = try await eventually("the policy is changed back") {
                    try await alone.operate("config", "set", "staleness_policy=refuse").exitCode == 0 ? true : nil
                }
                let again = try await alone.call("POST", "/1.0/revocations", body, token: admin).metadata
                #expect(again["effective_everywhere"] == false && Self.reasons(again) == ["applied", "applied", "unknown"], "\(again)")
                try await cluster.resume(others[1])
                let last = try await eventually("all have applied it") { () -> JSON? in
                    let answer = try await alone.call("POST", "/1.0/revocations", body, token: admin).metadata
                    return answer["effective_everywhere"] == true ? answer : nil
                }
                #expect(Self.reasons(last) == ["applied", "applied", "applied"])
            }
        }

        static func revokeEverywhere(_ token: String, on member: Member, by admin: String) async throws -> JSON {
            let body: JSON = ["token": .string(token), "wait": "everywhere"]
            let answer = try await member.call("POST", "/1.0/revocations", body, token: admin)
            guard answer.metadata["effective_everywhere"] == true else {
                throw TestFailure("not everywhere: \(answer.summary)")
            }
            return answer.metadata
        }

        static func reasons(_ answer: JSON) -> [String] {
            (answer["members"]?.arrayValue ?? []).compactMap { $0["reason"]?.stringValue }.sorted()
        }

        private func suspendAndWake(_ sleeper: Member, others: [Member], of cluster: TestCluster) async throws {
            let admin = await cluster.adminToken
            let token = try await others[0].mint("alice", by: admin)
            let before = try await sleeper.call("GET", "/auth/verify", token: token)
            #expect(before.status == 200, "\(before.summary)")

            try await cluster.suspend(sleeper)
            _ = try await eventually("the others acknowledge the revocation") { try await others[1].revoke(token, by: admin) }
            // Longer than it may vouch without a new proof: until then it may still say yes, awake or not.
            try await awaitSilence(of: sleeper, seenBy: others[0])

            // Questions that wait at its door are answered first thing after it wakes.
            let questions = Questions(20, to: sleeper, about: token)
            try await cluster.resume(sleeper)
            for status in try await questions.statuses() {
                #expect(status == 401 || status == 503, "HTTP \(status)")
            }
            _ = try await eventually("it knows of the revocation") { () -> Bool? in
                let verdict = try await sleeper.verdict(on: token)
                return verdict["reason"] == "token_revoked" ? true : nil
            }
        }

        private func awaitSilence(of sleeper: Member, seenBy member: Member) async throws {
            _ = try await eventually("\(sleeper.name) has been silent for longer than the bound") { () -> Bool? in
                let status = try await member.callLocally("GET", "/1.0/cluster/status").metadata
                let entry = (status["members"]?.arrayValue ?? []).first { $0["name"]?.stringValue == sleeper.name }
                return (entry?["last_contact_ms"]?.integerValue ?? 0) > 5_500 ? true : nil
            }
        }
    }
}

/// The same question asked many times at once; the answers can be waited for later.
struct Questions: Sendable {
    private let tasks: [Task<Int, any Error>]

    init(_ count: Int, to member: Member, about token: String) {
        tasks = (0..<count).map { _ in
            Task { try await member.call("GET", "/auth/verify", token: token).status }
        }
    }

    func statuses() async throws -> [Int] {
        var statuses: [Int] = []
        for task in tasks { statuses.append(try await task.value) }
        return statuses
    }
}
