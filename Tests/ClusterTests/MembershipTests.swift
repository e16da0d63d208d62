import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("Removing, replacing and moving members")
    struct MembershipTests {
        @Test("a member that is removed, asked on any member and of any role, opens nothing any more and says why")
        func removal() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let follower = try #require(members.first { $0 != leader })
                let serial = try await serial(of: leader, accordingTo: follower)
                let removed = try await follower.operate("cluster", "remove", leader.name, "--yes")
                #expect(removed.exitCode == 0 && removed.errorOutput.contains("2 voters remain"), "\(removed.transcript)")
                let rest = members.filter { $0 != leader }
                let successor = try await cluster.leader(accordingTo: follower, of: rest)
                #expect(successor != leader)
                let minted = try await follower.mint("alice", by: admin)
                #expect(try await follower.revoke(minted, by: admin) != nil, "the cluster goes on")
                try await awaitLog("was removed from the cluster", of: leader)
                _ = try await eventually("the removed member vouches for nothing") { try await leader.isReady() ? nil : true }  // its process ends

                // Started again it stays out, and one line says what to do.
                _ = try? await cluster.end(leader, by: .terminate)
                let again = try await Command.run(Binary.path, leader.serveArguments(cluster.keystoreArguments))
                #expect(again.exitCode == 1 && again.errorOutput.contains("was removed from the cluster"), "\(again.transcript)")
                let status = try await follower.callLocally("GET", "/1.0/cluster/status").metadata
                #expect(status["members"]?.arrayValue?.count == 2)
                _ = try await eventually("the cluster's CRL names its certificate") {
                    let list = try await Member.curl(["--insecure", "https://\(follower.address)/crl/cluster.crl", "--output", "\(cluster.directory)/cluster.crl"])
                    guard list.status == 200 else { return nil as Bool? }
                    let text = try await Command.run("openssl", ["crl", "-inform", "DER", "-in", "\(cluster.directory)/cluster.crl", "-noout", "-text"])
                    return text.output.contains(serial) ? true : nil
                }
            }
        }

        @Test("a member asked to remove itself does, and its machine comes back empty under the same name")
        func itselfAndBack() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                let gone = members[2]
                let removed = try await gone.operate("cluster", "remove", gone.name, "--yes")
                #expect(removed.exitCode == 0, "\(removed.transcript)")
                _ = try? await cluster.end(gone, by: .terminate)
                try Files.remove(gone.data)
                let token = try await cluster.joinToken(for: gone.name, madeOn: members[0])
                let back = try await cluster.join(gone.name, with: token)
                try await cluster.awaitVoters(3, accordingTo: members[0])
                #expect(try await back.isReady())
            }
        }

        @Test("of five members two die; each is removed, new ones take their places, and no verification fails meanwhile")
        func deadReplaced() async throws {
            try await withCluster(["m1", "m2", "m3", "m4", "m5"]) { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let set = try await members[0].operate("config", "set", "voters_max=5")
                #expect(set.exitCode == 0, "\(set.transcript)")
                try await cluster.awaitVoters(5, accordingTo: members[0])
                let token = try await members[0].mint("alice", by: admin)
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let other = try #require(members.first { $0 != leader })
                try await cluster.kill(leader)
                try await cluster.kill(other)
                let rest = members.filter { $0 != leader && $0 != other }
                _ = try await eventually("somebody else leads") {
                    let now = try await cluster.leader(accordingTo: rest[0], of: members)
                    return now == leader || now == other ? nil : now
                }
                for (number, dead) in [leader, other].enumerated() {
                    let removed = try await rest[number].operate("cluster", "remove", dead.name, "--yes")
                    #expect(removed.exitCode == 0, "\(removed.transcript)")
                    let joinToken = try await cluster.joinToken(for: "n\(number)", madeOn: rest[number])
                    let new = try await cluster.join("n\(number)", with: joinToken)
                    #expect(try await new.verdict(on: token)["valid"] == true)
                }
                try await cluster.awaitVoters(5, accordingTo: rest[0])
                // A dead member that comes back with its old directory is told so.
                try await cluster.launch(other)
                try await awaitLog("was removed from the cluster", of: other)
            }
        }

        @Test("the last reachable majority is not removed, nor the last member, and the answer says what to do")
        func refused() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                try await cluster.kill(members[2])
                _ = try await eventually("m3 counts as offline") {
                    let list = try await members[0].callLocally("GET", "/1.0/cluster/members/m3").metadata
                    return list["status"] == "Offline" ? true : nil
                }
                let risky = try await members[0].operate("cluster", "remove", "m2", "--yes")
                #expect(risky.exitCode == 1 && risky.errorOutput.contains("bring back or remove m3"), "\(risky.transcript)")
                let unknown = try await members[0].operate("cluster", "remove", "m9", "--yes")
                #expect(unknown.exitCode == 1 && unknown.errorOutput.contains("Cluster member not found"), "\(unknown.transcript)")
                let unasked = try await members[0].operate("cluster", "remove", "m3")
                #expect(unasked.exitCode == 2 && unasked.errorOutput.contains("--yes"), "\(unasked.transcript)")
                #expect(try await members[0].operate("cluster", "remove", "m3", "--yes").exitCode == 0)
                #expect(try await members[0].operate("cluster", "remove", "m2", "--yes").exitCode == 0)
                let last = try await members[0].operate("cluster", "remove", "m1", "--yes")
                #expect(last.exitCode == 1 && last.errorOutput.contains("only member"), "\(last.transcript)")
                #expect(try await members[0].isReady())
            }
        }

        @Test("roles follow the operator: a replica gives its vote away, the fourth member takes it")
        func roles() async throws {
            try await withCluster(["m1", "m2", "m3", "m4"]) { cluster in
                let members = await cluster.members
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let set = try await members[3].operate("cluster", "role", leader.name, "replica")
                #expect(set.exitCode == 0, "\(set.transcript)")
                try await awaitRoles(of: members, replica: leader, accordingTo: members[3])
                #expect(try await leader.isReady(), "a replica verifies as any other")
                #expect(try await members[3].operate("cluster", "role", leader.name, "king").exitCode == 1)
                let back = try await leader.operate("cluster", "role", leader.name, "voter")
                #expect(back.exitCode == 0, "\(back.transcript)")
                _ = try await eventually("it votes again, and three do") {
                    let roles = try await roles(accordingTo: members[1])
                    return roles[leader.name] == "voter" && roles.values.count(where: { $0 == "voter" }) == 3 ? true : nil
                }
            }
        }

        @Test("a voter that is away for longer than replace_after_seconds gives its vote to a replica, and is one itself when it is back")
        func replaced() async throws {
            try await withCluster(["m1", "m2", "m3", "m4"]) { cluster in
                let members = await cluster.members
                #expect(try await members[0].operate("config", "set", "replace_after_seconds=10").exitCode == 0)
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let before = try await roles(accordingTo: members[0])
                let away = try #require(members.first { $0 != leader && before[$0.name] == "voter" })
                try await cluster.kill(away)
                try await awaitRoles(of: members, replica: away, accordingTo: leader)
                try await cluster.start(away)
                try await awaitRoles(of: members, replica: away, accordingTo: away)
            }
        }

        @Test("with one of three voters dead, no wish, no restart and no hand-over gives away the votes of those that are left")
        func deadVoterAndNewLeader() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                try await cluster.kill(members[1])
                _ = try await eventually("m2 counts as offline") {
                    try await members[0].callLocally("GET", "/1.0/cluster/members/m2").metadata["status"] == "Offline" ? true : nil
                }
                let asked = try await members[0].callLocally("PATCH", "/1.0/cluster/members/m3", ["role": "replica"])
                #expect(asked.status == 409 && asked.error.contains("m2"), "\(asked.summary)")
                // Whoever leads next knows for a moment nothing of who is there.
                for _ in 0..<3 {
                    _ = try await members[0].operate("cluster", "transfer")
                    let minted = try await eventually("a change goes through") {
                        try? await members[0].mint("alice", by: admin)
                    }
                    _ = try await eventually("and is acknowledged") { try? await members[0].revoke(minted, by: admin) }
                }
                let roles = try await roles(accordingTo: members[0])
                #expect(roles.values.allSatisfy { $0 == "voter" } && roles.count == 3, "\(roles)")
            }
        }

        @Test("everywhere waits for a member that was removed while it was cut off, until it cannot vouch any more")
        func everywhereAfterRemoval() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let cutOff = try #require(members.first { $0 != leader })
                let token = try await leader.mint("alice", by: admin)
                #expect(try await cutOff.verdict(on: token)["valid"] == true)
                // Stopped in its tracks: it hears nothing, and would go on from what it knows.
                try await cluster.suspend(cutOff)
                let removed = try await leader.operate("cluster", "remove", cutOff.name, "--yes")
                #expect(removed.exitCode == 0, "\(removed.transcript)")
                let revoked = try await leader.call(
                    "POST", "/1.0/revocations", ["token": .string(token), "wait": "everywhere"], token: admin)
                #expect(revoked.metadata["effective_everywhere"] == true, "\(revoked.summary)")
                try await cluster.resume(cutOff)
                let after = try? await cutOff.verdict(on: token)
                #expect(after?["valid"] != true, "\(after ?? .null)")
            }
        }

        @Test("a wrong address cuts nobody off: the connection that works stays, and the former address is tried")
        func wrongAddress() async throws {
            try await withCluster(["m1", "m2"]) { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let wrong = try await members[0].operate("cluster", "address", "m2", "127.0.0.1:1")
                #expect(wrong.exitCode == 0, "\(wrong.transcript)")
                let token = try await members[0].mint("alice", by: admin)
                #expect(try await members[0].revoke(token, by: admin) != nil, "both votes are needed for this")
                let right = try await members[0].operate("cluster", "address", "m2", members[1].address)
                #expect(right.exitCode == 0, "\(right.transcript)")
            }
        }

        @Test("a removal honours If-Match, and a description sent back with an old list of roles takes no vote")
        func staleTags() async throws {
            try await withCluster(["m1", "m2"]) { cluster in
                let members = await cluster.members
                let stale = try await members[0].callLocally("DELETE", "/1.0/cluster/members/m2", options: ["--header", "If-Match: \"1-voter\""])
                #expect(stale.status == 412, "\(stale.summary)")
                let shown = try await members[0].callLocally("GET", "/1.0/cluster/members/m2")
                let tag = try #require(shown.fields["etag"])
                #expect(tag.contains("voter"), "\(tag)")
                #expect(try await members[0].operate("config", "set", "voters_max=1").exitCode == 0)
                _ = try await eventually("one votes") {
                    try await roles(accordingTo: members[0]).values.count(where: { $0 == "voter" }) == 1 ? true : nil
                }
                let replica = try await roles(accordingTo: members[0]).first { $0.value == "replica" }?.key
                if replica == "m2" {
                    let put = try await members[0].callLocally(
                        "PUT", "/1.0/cluster/members/m2",
                        ["roles": ["database"], "groups": ["default"], "config": .object([:]), "description": "x", "failure_domain": "default"],
                        options: ["--header", "If-Match: \(tag)"])
                    #expect(put.status == 412, "\(put.summary)")
                }
            }
        }

        @Test("a member that moved tells the others by itself, also when none of them can reach it")
        func moved() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                _ = try await cluster.end(members[2], by: .terminate)
                let moved = try await cluster.newMember(members[2].name)
                #expect(moved.port != members[2].port)
                try await cluster.start(moved, arguments: ["--advertise", moved.address])
                let seen = try await members[0].callLocally("GET", "/1.0/cluster/members/\(moved.name)").metadata
                #expect(seen["url"]?.stringValue == "https://\(moved.address)", "\(seen)")
                let token = try await moved.mint("alice", by: admin)
                #expect(try await moved.revoke(token, by: admin) != nil)
            }
        }

        @Test("a new name is every member's at once; a stale If-Match loses on any member")
        func renamed() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                let tag = try #require(try await members[1].callLocally("GET", "/1.0/cluster/members/m3").fields["etag"])
                #expect(try await members[0].operate("cluster", "rename", "m3", "berlin").exitCode == 0)
                let renamed = try await members[0].callLocally("GET", "/1.0/cluster/members/berlin", options: ["--header", "Credence-Min-Index: 1"])
                #expect(renamed.status == 200, "\(renamed.summary)")
                _ = try await eventually("m3 goes by its new name") {
                    try await members[2].callLocally("GET", "/1.0/cluster").metadata["server_name"] == "berlin" ? true : nil
                }
                #expect(try await members[2].callLocally("GET", "/1.0").fields["credence-member"] == "berlin")
                let stale = try await members[2].callLocally(
                    "PATCH", "/1.0/cluster/members/berlin", ["description": "x"], options: ["--header", "If-Match: \(tag)"])
                #expect(stale.status == 412, "\(stale.summary)")
                let taken = try await members[0].operate("cluster", "rename", "m1", "berlin")
                #expect(taken.exitCode == 1 && taken.errorOutput.contains("already has a member"), "\(taken.transcript)")
            }
        }

        /// Of its certificate, in the hexadecimal of openssl.
        private func serial(of member: Member, accordingTo other: Member) async throws -> String {
            let all = try await other.callLocally("GET", "/1.0/certificates?recursion=1").metadata.arrayValue ?? []
            let entry = all.first { $0["type"]?.stringValue == "server" && $0["name"]?.stringValue == member.name }
            let pem = try #require(entry?["certificate"]?.stringValue, "\(all)")
            let shown = try await Command.run("openssl", ["x509", "-noout", "-serial"], input: pem)
            return String(try #require(shown.line.split(separator: "=").last, "\(shown.transcript)"))
        }

        private func roles(accordingTo member: Member) async throws -> [String: String] {
            let status = try await member.callLocally("GET", "/1.0/cluster/status").metadata
            let pairs = (status["members"]?.arrayValue ?? []).compactMap { entry in
                entry["name"]?.stringValue.flatMap { name in entry["role"]?.stringValue.map { (name, $0) } }
            }
            return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        }

        private func awaitRoles(of members: [Member], replica: Member, accordingTo member: Member) async throws {
            _ = try await eventually("\(replica.name) is the only replica of \(members.count)") {
                let roles = try await roles(accordingTo: member)
                return roles.count == members.count && roles.filter { $0.value == "replica" }.map(\.key) == [replica.name] ? true : nil
            }
        }

        private func awaitLog(_ text: String, of member: Member) async throws {
            _ = try await eventually("\(member.name) says: \(text)") { Files.text(member.log).contains(text) ? true : nil }
        }
    }
}
