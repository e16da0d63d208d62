import FoundationEssentials
import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("A log that is cut, and members that need more than it holds")
    struct SnapshotTests {
        private static let keep = ["--log-keep", "20"]

        /// Enough changes that the log of each member begins later.
        private func fill(_ member: Member, by admin: String, count: Int) async throws -> [String] {
            var tokens: [String] = []
            for number in 0..<count {
                let token = try await member.mint("victim \(number)", by: admin)
                try #require(try await member.revoke(token, by: admin) != nil)
                tokens.append(token)
            }
            return tokens
        }

        @Test("a member that joins when the log has been cut gets a snapshot, and refuses what all refuse")
        func joinerGetsSnapshot() async throws {
            let cluster = try TestCluster(keystore: .openKeyFile)
            do {
                try await cluster.found("m1", arguments: Self.keep)
                let first = await cluster[0], admin = await cluster.adminToken
                let good = try await first.mint("good", by: admin)
                let revoked = try await fill(first, by: admin, count: 80)
                _ = try await eventually("the log is cut") { Files.text(first.log).contains("the log was cut") ? true : nil }

                let second = try await cluster.join("m2", with: cluster.joinToken(for: "m2", madeOn: first))
                try await cluster.awaitVoters(2, accordingTo: first)
                #expect(Files.text(second.log).contains("a snapshot took the place of log and state"))
                #expect(try await second.verdict(on: good)["valid"] == true)
                for token in revoked { #expect(try await second.verdict(on: token)["reason"] == "token_revoked") }

                // The state that came by snapshot goes on like any other, through a kill too.
                try await cluster.kill(second)
                try await cluster.start(second)
                let late = try await second.mint("late", by: admin)
                let index = try #require(try await second.revoke(late, by: admin))
                #expect(try await first.verdict(on: late, from: index)["reason"] == "token_revoked")
            } catch {
                await cluster.endAll()
                throw error
            }
            await cluster.endAll()
        }

        @Test("a member whose state differs takes itself out of service, says why, and heals from a snapshot")
        func divergedMemberHeals() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let token = try await members[0].mint("alice", by: admin)
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let victim = try #require(members.first { $0 != leader })
                _ = try await cluster.end(victim, by: .terminate)
                try await Self.forgeEffects(of: victim)
                try await cluster.launch(victim)

                _ = try await eventually("the member says that it differs") {
                    let ready = try await victim.callLocally("GET", "/readyz")
                    return ready.status == 503 && ready.body.contains("with another result") ? true : nil
                }
                #expect(try await victim.verdict(on: token)["reason"] == "member_stale")
                let status = try await victim.callLocally("GET", "/1.0/cluster/status").metadata
                #expect(status["out_of_service"]?.stringValue?.contains("credence member heal") == true)
                #expect(try await victim.revoke(token, by: admin) == nil, "it takes no changes either")

                let healed = try await victim.operate("member", "heal")
                #expect(healed.exitCode == 0, "\(healed.transcript)")
                try await cluster.awaitReady(victim)
                #expect(try await victim.verdict(on: token)["valid"] == true)
                let record = try await victim.operate("audit", "verify")
                #expect(record.exitCode == 0, "\(record.transcript)")
                let index = try #require(try await victim.revoke(token, by: admin))
                for member in members { #expect(try await member.verdict(on: token, from: index)["reason"] == "token_revoked") }
            }
        }

        /// What applying an entry differently would leave behind: a state that is sound in itself, with another history.
        private static func forgeEffects(of member: Member) async throws {
            let script = """
                import hashlib, sqlite3, struct, sys
                db = sqlite3.connect(sys.argv[1])
                idx, term, chain, configuration, effects = db.execute(
                    "SELECT idx, term, chain, configuration, effects FROM applied").fetchone()
                effects = bytes([effects[0] ^ 1]) + effects[1:]
                checksum = hashlib.sha256(struct.pack(">QQ", idx, term) + chain + configuration + effects).digest()[:8]
                db.execute("UPDATE applied SET effects = ?, checksum = ?", (effects, checksum))
                db.commit()
                """
            let done = try await Command.run("python3", ["-c", script, "\(member.data)/state.db"])
            guard done.exitCode == 0 else { throw TestFailure("the state could not be forged: \(done.transcript)") }
        }

        @Test("a member whose state's file rots while it runs finds it, leaves service, and heals from a snapshot")
        func rottenFileHeals() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let victim = try #require(members.first { $0 != leader })
                let tokens = try await fill(leader, by: admin, count: 3)
                _ = try await eventually("the member has applied them") {
                    try await victim.verdict(on: tokens[2])["reason"] == "token_revoked" ? true : nil
                }
                // Everything is in the file itself after an orderly end.
                _ = try await cluster.end(victim, by: .terminate)
                try await cluster.start(victim, arguments: ["--scrub-every", "1"])
                try await Self.flipBit(in: "\(victim.data)/state.db", after: #""token_id":""#)

                _ = try await eventually("the member says that its file is damaged") {
                    let ready = try await victim.callLocally("GET", "/readyz")
                    return ready.status == 503 && ready.body.contains("is damaged") ? true : nil
                }
                #expect(try await victim.verdict(on: tokens[0])["valid"] == false)
                let healed = try await victim.operate("member", "heal")
                #expect(healed.exitCode == 0, "\(healed.transcript)")
                try await cluster.awaitReady(victim)
                // The damaged file is gone: the member starts again from the healed one.
                _ = try await cluster.end(victim, by: .terminate)
                try await cluster.start(victim)
                for token in tokens { #expect(try await victim.verdict(on: token)["reason"] == "token_revoked") }
            }
        }

        private static func flipBit(in path: String, after text: String) async throws {
            let script = """
                import sys
                with open(sys.argv[1], "r+b") as file:
                    place = file.read().index(sys.argv[2].encode()) + len(sys.argv[2])
                    file.seek(place)
                    byte = file.read(1)[0]
                    file.seek(place)
                    file.write(bytes([byte ^ 1]))
                """
            let done = try await Command.run("python3", ["-c", script, path, text])
            guard done.exitCode == 0 else { throw TestFailure("no bit was flipped: \(done.transcript)") }
        }

        @Test("a data directory that was put back from an older copy is fenced, and says so")
        func restoredDirectory() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let leader = try await cluster.leader(accordingTo: members[0], of: members)
                let victim = try #require(members.first { $0 != leader })
                try await cluster.kill(victim)
                let copy = victim.data + ".copy"
                #expect(try await Command.run("cp", ["-a", victim.data, copy]).exitCode == 0)
                try await cluster.start(victim)
                let token = try await leader.mint("alice", by: admin)
                try #require(try await victim.revoke(token, by: admin) != nil)
                try await cluster.kill(victim)

                try FileManager.default.removeItem(atPath: victim.data)
                try FileManager.default.moveItem(atPath: copy, toPath: victim.data)
                try await cluster.launch(victim)
                _ = try await eventually("the member is told why it may not go on") {
                    Files.text(victim.log).contains("a copy of the same data directory") ? true : nil
                }
                // A service manager that starts it again changes nothing: its counter must not outgrow what the others saw.
                _ = try? await cluster.end(victim, by: .kill)
                let again = try await Command.run(Binary.path, victim.serveArguments(cluster.keystoreArguments))
                #expect(again.exitCode == 1 && again.transcript.contains("does not take"), "\(again.transcript)")
                let token2 = try await leader.mint("bob", by: admin)
                #expect(try await leader.revoke(token2, by: admin) != nil, "the others go on")
            }
        }
    }
}
