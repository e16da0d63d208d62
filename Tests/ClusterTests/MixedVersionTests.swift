import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("Two versions in one cluster", .enabled(if: Binary.next != nil, "needs a build with CREDENCE_NEXT=1, named by CREDENCE_NEXT_BINARY"))
    struct MixedVersionTests {
        private func note(on member: Member) async throws -> Answer {
            try await member.callLocally("POST", "/1.0/cluster/note", ["text": "hello"])
        }

        @Test("a command of the next level is never put into the log while one member does not know it, and is once all do")
        func upgrade() async throws {
            let next = try #require(Binary.next)
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                for (number, member) in members.enumerated() {
                    if number > 0 {
                        let refused = try await note(on: members[0])
                        #expect(refused.status == 409 && refused.body.contains(member.name), "\(refused.summary)")
                    }
                    _ = try await cluster.end(member, by: .terminate)
                    try await cluster.start(member, binary: next)
                    // The usual work goes on in the mixed cluster.
                    let token = try await member.mint("mixed \(number)", by: admin)
                    let index = try #require(try await member.revoke(token, by: admin))
                    for other in members { #expect(try await other.verdict(on: token, from: index)["reason"] == "token_revoked") }
                }
                let taken = try await eventually("the cluster follows") {
                    let answer = try await note(on: members[1])
                    return answer.status == 200 ? answer : nil
                }
                #expect(taken.status == 200)

                // There is no way back: what is in the log must be understood.
                _ = try await cluster.end(members[2], by: .terminate)
                try await cluster.launch(members[2])
                _ = try await eventually("the old version refuses to start") {
                    Files.text(members[2].log).contains("use the newer binary that wrote it") ? true : nil
                }
            }
        }
    }
}
