import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("Handing leadership over")
    struct LeadershipTests {
        @Test("any member hands leadership to any voter, and refuses what cannot be done by name")
        func transfer() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                for target in [members[2], members[0], members[1]] {
                    let asked = try #require(members.first { $0 != target })
                    let before = try await cluster.leader(accordingTo: asked, of: members)
                    if before == target { continue }
                    let command = try await asked.operate("cluster", "transfer", target.name)
                    #expect(command.exitCode == 0, "\(command.transcript)")
                    let now = try await cluster.leader(accordingTo: target, of: members)
                    #expect(now == target)
                }
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let unknown = try await members[0].callLocally("POST", "/1.0/cluster/leader", ["member": "m9"])
                #expect(unknown.status == 404, "\(unknown.summary)")
                let again = try await members[0].callLocally("POST", "/1.0/cluster/leader", ["member": .string(leader.name)])
                #expect(again.status == 409 && again.body.contains("leads already"), "\(again.summary)")
            }
        }

        @Test("a leader that is stopped hands over first, so that the next change meets a leader")
        func gracefulStop() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                _ = try await cluster.end(leader, by: .terminate)
                #expect(Files.text(leader.log).contains("handed leadership over before stopping"))
                let survivor = try #require(members.first { $0 != leader })
                let token = try await survivor.mint("alice", by: admin)
                #expect(try await survivor.revoke(token, by: admin) != nil, "without another try")
            }
        }
    }
}
