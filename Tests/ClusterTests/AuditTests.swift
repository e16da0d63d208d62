import FoundationEssentials
import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("The audit record")
    struct AuditTests {
        private static let keep = ["--log-keep", "8"]

        /// Changes that each take an entry of the log.
        private func change(_ member: Member, count: Int, from first: Int = 0) async throws {
            for number in first..<first + count {
                let body: JSON = ["subject": .string("subject \(number)"), "reason": "audited"]
                let answer = try await member.callLocally("POST", "/1.0/revocations", body)
                guard answer.status == 201 else { throw TestFailure("no change: \(answer.summary)") }
            }
        }

        private func head(_ member: Member) async throws -> JSON {
            try await member.callLocally("GET", "/1.0/audit/head").metadata
        }

        private func awaitArchive(of member: Member, through index: Int64) async throws {
            _ = try await eventually("\(member.name) has archived through \(index)") {
                try await head(member)["archived_through"]?.integerValue ?? 0 >= index ? true : nil
            }
        }

        private func expectVerified(_ member: Member, from index: Int64 = 1, _ arguments: String...) async throws {
            let verified = try await Command.run(
                Binary.path, ["audit", "verify", "--format", "json"] + arguments, environment: ["CREDENCE_ADDRESS": "unix:\(member.socket)"])
            #expect(verified.exitCode == 0, "\(member.name): \(verified.transcript)")
            let stretches = try JSON(parsing: verified.output)["stretches"]?.arrayValue ?? []
            #expect(stretches.count == 1 && stretches.first?["from_index"] == .integer(index), "\(verified.transcript)")
        }

        private func expectFault(at index: Int64, in path: String) async throws {
            let found = try await Command.run(Binary.path, ["audit", "verify", "--file", path])
            #expect(found.exitCode == 1 && found.errorOutput.contains("entry \(index):"), "\(path): \(found.transcript)")
        }

        /// Flips one bit of the entry's payload, wherever it stands in the file.
        private func flip(_ index: Int64, in path: String) async throws {
            let script = """
                import sqlite3, sys
                db = sqlite3.connect(sys.argv[1])
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                payload, chain = db.execute("SELECT payload, chain FROM entries WHERE idx = ?", (int(sys.argv[2]),)).fetchone()
                db.close()
                with open(sys.argv[1], "r+b") as file:
                    place = file.read().index(payload + chain)
                    file.seek(place + len(payload) // 2)
                    byte = file.read(1)[0]
                    file.seek(place + len(payload) // 2)
                    file.write(bytes([byte ^ 1]))
                """
            let done = try await Command.run("python3", ["-c", script, path, "\(index)"])
            guard done.exitCode == 0 else { throw TestFailure("no bit was flipped: \(done.transcript)") }
        }

        @Test("every member has the same record, whole over the cut of its log, and a changed byte of a copy or an export is found")
        func wholeEverywhere() async throws {
            try await withCluster(arguments: Self.keep) { cluster in
                let members = await cluster.members
                for (number, member) in members.enumerated() { try await change(member, count: 15, from: number * 15) }
                let last = try #require(try await head(members[0])["index"]?.integerValue)
                for member in members { try await awaitArchive(of: member, through: 30) }

                var chains: Set<String> = []
                for member in members {
                    let path = "/1.0/audit?after=\(last - 1)&limit=1"
                    let answer = try await member.callLocally("GET", path, options: ["--header", "Credence-Min-Index: \(last)"])
                    chains.insert(answer.metadata["entries"]?.arrayValue?.first?["chain"]?.stringValue ?? "none of \(member.name)")
                }
                #expect(chains.count == 1, "\(chains)")
                // The two that were there from the start hold all of it; so does one that joined before the cut.
                for member in members {
                    let from = try #require(try await head(member)["from_index"]?.integerValue)
                    try await expectVerified(member, from: from)
                }
                try await expectVerified(members[0])

                let listed = try await members[1].operate("audit", "list", "--kind", "revoke", "--limit", "1000", "--format", "json")
                let entries = try JSON(parsing: listed.output).arrayValue ?? []
                #expect(entries.count == 45, "\(listed.transcript.prefix(2_000))")
                #expect(entries.allSatisfy { $0["outcome"] == "done" && $0["actor"]?["method"] == "unix" })
                let followed = try await Command.run(
                    Binary.path, ["audit", "follow", "--after", "\(last - 1)", "--format", "json"],
                    environment: ["CREDENCE_ADDRESS": "unix:\(members[1].socket)"], secondsMax: 2)
                #expect(followed.output.contains("\"index\":\(last)"), "\(followed.transcript)")

                let export = "\(cluster.directory)/audit.jsonl"
                let exported = try await members[0].operate("audit", "export", export)
                #expect(exported.exitCode == 0, "\(exported.transcript)")
                try await expectVerified(members[0], from: 1, "--file", export)
                var lines = Files.text(export).split(separator: "\n").map(String.init)
                // Two lines stand before the first entry.
                lines[2 + 16] = lines[2 + 16].replacing("\"kind\":2", with: "\"kind\":3")
                try Files.write(lines.joined(separator: "\n") + "\n", to: export)
                try await expectFault(at: 17, in: export)

                try await changedFiles(cluster)
            }
        }

        /// Copies of a stopped member's files, each with one thing changed.
        private func changedFiles(_ cluster: TestCluster) async throws {
            let member = await cluster[0]
            _ = try await cluster.end(member, by: .terminate)
            try await expectVerified(member, from: 1, "--file", member.data)
            let state = try await Command.run(Binary.path, ["audit", "verify", "--file", "\(member.data)/state.db"])
            #expect(state.exitCode == 0 && state.output.contains("its rows are whole"), "\(state.transcript)")
            let count = try await Command.run("sqlite3", ["\(member.data)/audit.db", "SELECT max(idx) FROM entries"])
            let archived = try #require(Int64(count.line))
            for (name, index) in [("audit.db", 11), ("audit.db", archived), ("log.db", archived + 1)] as [(String, Int64)] {
                let copy = "\(cluster.directory)/copy-\(name)-\(index)"
                #expect(try await Command.run("cp", ["-a", member.data, copy]).exitCode == 0)
                try await flip(index, in: "\(copy)/\(name)")
                try await expectFault(at: index, in: copy)
                try await expectFault(at: index, in: "\(copy)/\(name)")
            }
            let copy = "\(cluster.directory)/copy-removed"
            #expect(try await Command.run("cp", ["-a", member.data, copy]).exitCode == 0)
            #expect(try await Command.run("sqlite3", ["\(copy)/audit.db", "DELETE FROM entries WHERE idx = 20"]).exitCode == 0)
            try await expectFault(at: 20, in: copy)

            try await cluster.start(member, arguments: Self.keep)
            try await expectVerified(member)
        }

        @Test("kills while the log is being cut lose no entry of the record")
        func killsWhileCutting() async throws {
            let arguments = ["--log-keep", "2"]
            try await withCluster(["m1"], arguments: arguments) { cluster in
                let member = await cluster[0]
                for round in 0..<6 {
                    try await change(member, count: 7 + round, from: round * 100)
                    // In the midst of further ones, and of the copying that follows each.
                    let others = Task { try? await change(member, count: 50, from: round * 100 + 50) }
                    let now = try #require(try await head(member)["index"]?.integerValue)
                    try await awaitArchive(of: member, through: now)
                    try await cluster.kill(member)
                    others.cancel()
                    _ = await others.value
                    try await cluster.start(member, arguments: arguments)
                    try await expectVerified(member)
                }
                _ = try await cluster.end(member, by: .terminate)
                try await expectVerified(member, from: 1, "--file", member.data)
            }
        }

        @Test("an archive that rots while its member runs is found and named in the log, and the member goes on")
        func rottenArchive() async throws {
            try await withCluster(["m1"], arguments: Self.keep) { cluster in
                let member = await cluster[0]
                try await change(member, count: 30)
                try await awaitArchive(of: member, through: 20)
                // Everything is in the file itself after an orderly end.
                _ = try await cluster.end(member, by: .terminate)
                try await flip(9, in: "\(member.data)/audit.db")
                try await cluster.start(member, arguments: Self.keep + ["--scrub-every", "1"])
                _ = try await eventually("the log names the entry") {
                    Files.text(member.log).contains("audit.db: entry 9:") ? true : nil
                }
                let verified = try await member.operate("audit", "verify")
                #expect(verified.exitCode == 1 && verified.errorOutput.contains("entry 9:"), "\(verified.transcript)")
                try await change(member, count: 1, from: 50)
            }
        }

        @Test("a member that joined by snapshot begins its record there and says so; one with --audit-keep forgets the oldest")
        func beginnings() async throws {
            try await withCluster(["m1"], arguments: Self.keep) { cluster in
                let first = await cluster[0]
                try await change(first, count: 40)
                try await awaitArchive(of: first, through: 30)
                let arguments = ["--audit-keep", "5", "--log-keep", "3"]
                let second = try await cluster.join("m2", with: cluster.joinToken(for: "m2", madeOn: first), arguments: arguments)
                try await cluster.awaitVoters(2, accordingTo: first)
                #expect(Files.text(second.log).contains("a snapshot took the place of log and state"))
                let begun = try #require(try await head(second)["from_index"]?.integerValue)
                #expect(begun > 30)
                try await change(second, count: 30, from: 100)
                let from = try await eventually("the oldest are forgotten") {
                    let from = try await head(second)["from_index"]?.integerValue ?? 0
                    return from > begun + 10 ? from : nil
                }
                let verified = try await second.operate("audit", "verify")
                #expect(verified.exitCode == 0 && !verified.output.contains("entries 1 to"), "\(from): \(verified.transcript)")
                try await expectVerified(first)
            }
        }
    }
}
