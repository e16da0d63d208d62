import FoundationEssentials
import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("Events")
    struct EventTests {
        @Test("every member tells the same changes; a follower comes back after its member, misses nothing, and ends with 0 when interrupted")
        func follow() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                var followers: [Server] = []
                for member in members {
                    followers.append(try await Server.start(
                        ["events", "--follow-from", "1", "--format", "json"], log: "\(cluster.directory)/\(member.name).events",
                        environment: ["CREDENCE_ADDRESS": "unix:\(member.socket)"]))
                }
                try await mint(members[0], "one")
                for member in members { try await await_("one", cluster, member) }
                // A change that is made while the follower has no member to follow.
                _ = try await cluster.end(members[2], by: .terminate)
                try await mint(members[0], "two")
                try await cluster.start(members[2])
                try await mint(members[1], "three")
                for member in members { try await await_("three", cluster, member) }
                var told: [[String]] = []
                for (member, follower) in zip(members, followers) {
                    #expect(try await follower.end(by: .interrupt) == .exited(0), "\(Files.tail("\(cluster.directory)/\(member.name).events"))")
                    let events = events(cluster, member)
                    told.append(events.filter { $0["type"] == "lifecycle" }.map { event in
                        let metadata = event["metadata"]?.objectValue.map { JSON.object($0).encodedString } ?? ""
                        return "\(event["timestamp"]?.stringValue ?? "") \(metadata)"
                    })
                    #expect(events.allSatisfy { $0["location"] == .string(member.name) })
                }
                #expect(told[0].count > 3 && Set(told[0]).count == told[0].count)
                #expect(told[1] == told[0] && told[2] == told[0])
            }
        }

        @Test("a leader that goes is told by the others, and no stream holds a stop up")
        func leader() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                var followers: [Server] = []
                for member in members {
                    followers.append(try await Server.start(
                        ["events", "--type", "cluster", "--format", "json"], log: "\(cluster.directory)/\(member.name).events",
                        environment: ["CREDENCE_ADDRESS": "unix:\(member.socket)"]))
                }
                // Each listens once it was told of something.
                for member in members { try await listening(cluster, member) }
                let status = try await members[0].callLocally("GET", "/1.0/cluster/status").metadata
                let leader = try #require(members.first { .string($0.name) == status["leader"] }, "\(status)")
                let start = ContinuousClock.now
                _ = try await cluster.end(leader, by: .terminate)
                #expect(ContinuousClock.now - start < .seconds(8))
                for member in members where member.name != leader.name {
                    _ = try await eventually("\(member.name) tells of the new leader") {
                        events(cluster, member).contains {
                            $0["metadata"]?["action"] == "leader-changed" && $0["metadata"]?["context"]?["leader"]?.stringValue.map { $0 != leader.name } == true
                        } ? true : nil
                    }
                    _ = try await eventually("\(member.name) misses the one that went") {
                        events(cluster, member).contains {
                            $0["metadata"]?["action"] == "member-offline" && $0["metadata"]?["context"]?["member"] == .string(leader.name)
                        } ? true : nil
                    }
                }
                for follower in followers { #expect(try await follower.end(by: .interrupt) == .exited(0)) }
            }
        }

        @Test("over TLS a reader follows the cluster, and is told what it may not follow")
        func refused() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                let token = try await member.operate("token", "create", "--subject", "r", "--scope", "read").line
                let shown = try await member.callLocally("GET", "/1.0").metadata["environment"]?["certificate_fingerprint"]?.stringValue
                let environment = ["CREDENCE_ADDRESS": member.address, "CREDENCE_TOKEN": token, "CREDENCE_FINGERPRINT": try #require(shown)]
                let refused = try await Command.run(Binary.path, ["events"], environment: environment)
                #expect(refused.exitCode == 1 && refused.errorOutput.contains("scope admin"), "\(refused.transcript)")
                let follower = try await Server.start(["events", "--type", "cluster"], log: "\(cluster.directory)/reader", environment: environment)
                try await listening(cluster, member)
                #expect(try await follower.end(by: .interrupt) == .exited(0))
                let usage = try await Command.run(Binary.path, ["events", "--type", "lifecycel"], environment: ["CREDENCE_ADDRESS": "unix:\(member.socket)"])
                #expect(usage.exitCode == 2)
                // As after a backup that was put back.
                let ahead = try await member.operate("events", "--follow-from", "1000000")
                #expect(ahead.exitCode == 1 && ahead.errorOutput.contains("ahead of this cluster's log"), "\(ahead.transcript)")
                #expect(ahead.errorOutput.split(separator: "\n").count == 1, "\(ahead.transcript)")
            }
        }

        private func mint(_ member: Member, _ name: String) async throws {
            let made = try await member.operate("token", "create", "--subject", "s", "--scope", "read", "--name", name)
            guard made.exitCode == 0 else { throw TestFailure(made.transcript) }
        }

        private func events(_ cluster: TestCluster, _ member: Member) -> [JSON] {
            Files.text("\(cluster.directory)/\(member.name).events").split(separator: "\n").compactMap { try? JSON(parsing: Array($0.utf8)) }
        }

        private func await_(_ name: String, _ cluster: TestCluster, _ member: Member) async throws {
            _ = try await eventually("\(member.name) tells of \(name)") {
                events(cluster, member).contains { $0["metadata"]?["context"]?["name"] == .string(name) } ? true : nil
            }
        }

        private func listening(_ cluster: TestCluster, _ member: Member) async throws {
            _ = try await eventually("\(member.name) has a reader") {
                Files.text(member.log).contains("GET /1.0/events?type=cluster 200") ? true : nil
            }
        }
    }
}
