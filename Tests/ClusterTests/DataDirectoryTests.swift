import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("Data directories")
    struct DataDirectoryTests {
        @Test("a directory in use is refused by the name of its holder, who goes on")
        func inUse() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                let port = try await FreePorts.take()
                let arguments = ["serve", "--data", member.data, "--listen", "127.0.0.1:\(port)"] + cluster.keystoreArguments
                let second = try await Command.run(Binary.path, arguments)
                #expect(second.exitCode == 1, "\(second.transcript)")
                #expect(second.errorOutput.contains("in use"), "\(second.transcript)")
                #expect(try await member.isReady())
            }
        }

        @Test("a member's directory does not join another cluster")
        func joinsNoOther() async throws {
            try await withCluster(["a1"]) { one in
                try await withCluster(["b1"]) { other in
                    let token = try await other.joinToken(for: "b2", madeOn: other[0])
                    let member = await one[0]
                    _ = try await one.end(member, by: .terminate)
                    let refused = try await Command.run(
                        Binary.path, member.serveArguments(one.keystoreArguments + ["--join", token]))
                    #expect(refused.exitCode == 1, "\(refused.transcript)")
                    #expect(refused.errorOutput.contains("already belongs to cluster"), "\(refused.transcript)")
                    try await one.start(member)
                }
            }
        }

        @Test("a log or a state of another cluster is named and not touched", arguments: ["log.db", "state.db"])
        func foreignFile(name: String) async throws {
            try await withCluster(["a1"]) { one in
                try await withCluster(["b1"]) { other in
                    let mine = await one[0], theirs = await other[0]
                    _ = try await one.end(mine, by: .terminate)
                    _ = try await other.end(theirs, by: .terminate)
                    let original = "\(mine.directory)/\(name).original"
                    try Files.replace(original, byCopyOf: "\(mine.data)/\(name)")
                    try Files.replace("\(mine.data)/\(name)", byCopyOf: "\(theirs.data)/\(name)")
                    let foreign = try Files.bytes("\(mine.data)/\(name)")

                    let refused = try await Command.run(Binary.path, mine.serveArguments(one.keystoreArguments))
                    #expect(refused.exitCode == 1, "\(refused.transcript)")
                    #expect(refused.errorOutput.contains(name), "\(refused.transcript)")
                    #expect(try Files.bytes("\(mine.data)/\(name)") == foreign)

                    try Files.replace("\(mine.data)/\(name)", byCopyOf: original)
                    try await one.start(mine)
                }
            }
        }

        @Test("one changed entry in the log is found at the start and named, and the applied state makes it good")
        func corruption() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                let token = try await member.mint("alice", by: await cluster.adminToken)
                try #require(try await member.revoke(token, by: await cluster.adminToken) != nil)
                _ = try await cluster.end(member, by: .terminate)
                let log = "\(member.data)/log.db"
                let sql = "UPDATE entries SET payload = zeroblob(length(payload)) WHERE idx = (SELECT max(idx) FROM entries WHERE length(payload) > 0);"
                let changed = try await Command.run("sqlite3", [log, sql])
                try #require(changed.exitCode == 0, "\(changed.transcript)")
                try await cluster.start(member)
                #expect(Files.text(member.log).contains("damaged at entry"), "\(Files.tail(member.log))")
                #expect(try await member.verdict(on: token)["reason"] == "token_revoked")
            }
        }

        @Test("a wrong passphrase opens nothing and changes nothing")
        func wrongPassphrase() async throws {
            try await withCluster(["m1"], keystore: .passphrase("right")) { cluster in
                let member = await cluster[0]
                let token = try await member.mint("alice", by: await cluster.adminToken)
                _ = try await cluster.end(member, by: .terminate)
                let before = try Self.contents(of: member)
                for wrong in ["wrong", "right ", "righ"] {
                    try Files.write(wrong, to: "\(member.directory)/wrong")
                    let arguments = member.serveArguments(["--keystore-passphrase-file", "\(member.directory)/wrong"])
                    let refused = try await Command.run(Binary.path, arguments)
                    #expect(refused.exitCode == 1, "\(refused.transcript)")
                    #expect(refused.errorOutput.contains("passphrase"), "\(refused.transcript)")
                }
                let none = try await Command.run(
                    Binary.path, member.serveArguments(), environment: ["CREDENCE_KEYSTORE_PASSPHRASE": nil], input: "")
                #expect(none.exitCode == 1, "\(none.transcript)")
                for way in ["--keystore-passphrase-file", "CREDENCE_KEYSTORE_PASSPHRASE", "--encrypt-keystore false"] {
                    #expect(none.errorOutput.contains(way), "\(none.transcript)")
                }
                #expect(try Self.contents(of: member) == before)
                try await cluster.start(member)
                #expect(try await member.verdict(on: token)["valid"] == true)
            }
        }

        @Test("a directory that cannot be written is named")
        func notWritable() async throws {
            try await withCluster(["m1"]) { cluster in
                let blocked = "\(cluster.directory)/file"
                try Files.write("in the way", to: blocked)
                let arguments = ["serve", "--data", blocked, "--listen", "127.0.0.1:\(try await FreePorts.take())"]
                let refused = try await Command.run(Binary.path, arguments + ["--encrypt-keystore", "false"])
                #expect(refused.exitCode == 1, "\(refused.transcript)")
                #expect(refused.errorOutput.contains(blocked), "\(refused.transcript)")
            }
        }

        /// What a start that was refused must leave as it was; the lock file names whoever tried last.
        private static func contents(of member: Member) throws -> [String: [UInt8]] {
            var contents: [String: [UInt8]] = [:]
            for path in try Files.all(below: member.data) where !path.hasSuffix("lock") {
                contents[path] = try Files.bytes(path)
            }
            return contents
        }
    }
}
