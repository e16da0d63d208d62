import FoundationEssentials
import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("Backup, restore and recovery")
    struct BackupTests {
        private static let passphrase = "correct horse battery staple 4711"

        // MARK: - Saving and restoring

        @Test("a backup taken under load is restored elsewhere: tokens verify, revoked ones stay refused, former members are told nothing")
        func restoreElsewhere() async throws {
            try await withCluster(keystore: .passphrase(Self.passphrase)) { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let good = try await members[0].mint("good", by: admin)
                let bad = try await members[1].mint("bad", by: admin)
                _ = try #require(try await members[2].revoke(bad, by: admin))
                let file = "\(cluster.directory)/backup"
                try await underLoad(members[0], admin) {
                    let saved = try await members[1].operate("snapshot", "save", file)
                    #expect(saved.exitCode == 0, "\(saved.transcript)")
                    #expect(saved.errorOutput.contains("restoring it needs the passphrase"), "\(saved.transcript)")
                }
                #expect(try await Files.permissions(file) == "600")
                let again = try await members[1].operate("snapshot", "save", file)
                #expect(again.exitCode == 1 && again.errorOutput.contains("--force"), "\(again.transcript)")
                #expect(try await members[2].operate("snapshot", "save", file, "--force").exitCode == 0)
                #expect(try Files.all(below: cluster.directory).filter { $0.contains("backup.part") }.isEmpty)
                let inspected = try await Command.run(Binary.path, ["snapshot", "inspect", file, "--full", "--format", "json"])
                let manifest = try JSON(parsing: inspected.output)
                #expect(inspected.exitCode == 0 && manifest["rows"]?["members"] == 3 && manifest["rows"]?["revoked_tokens"] == 1, "\(inspected.transcript)")
                let audited = try await Command.run(Binary.path, ["audit", "verify", "--file", file])
                #expect(audited.exitCode == 0 && audited.output.contains("rows are whole"), "\(audited.transcript)")
                for member in members { try await cluster.kill(member) }

                let restored = try await cluster.newMember("r1")
                let made = try await restore(file, as: restored, cluster)
                #expect(made.exitCode == 0, "\(made.transcript)")
                #expect(made.errorOutput.contains("ACCEPTED AGAIN"), "\(made.transcript)")
                try await cluster.start(restored)
                #expect(try await restored.verdict(on: good)["valid"] == true)
                #expect(try await restored.verdict(on: bad)["reason"] == "token_revoked")
                #expect(try await restored.verdict(on: admin)["valid"] == true)
                #expect(try await names(of: restored) == ["r1"])

                // The old ones come back, all of them: they are another cluster, and neither hears of the other.
                for member in members { try await cluster.launch(member) }
                for member in members { try await cluster.awaitReady(member) }
                let index = try #require(try await restored.revoke(try await restored.mint("x", by: admin), by: admin))
                let second = try await cluster.join("r2", with: cluster.joinToken(for: "r2", madeOn: restored))
                let third = try await cluster.join("r3", with: cluster.joinToken(for: "r3", madeOn: second))
                try await cluster.awaitVoters(3, accordingTo: restored)
                for member in [restored, second, third] {
                    #expect(try await member.verdict(on: good, from: index)["valid"] == true)
                    #expect(try await member.verdict(on: bad, from: index)["reason"] == "token_revoked")
                    #expect(try await names(of: member) == ["r1", "r2", "r3"])
                }
                #expect(try await names(of: members[0]) == ["m1", "m2", "m3"])
                let record = try await restored.operate("audit", "list", "--kind", "rebuild_cluster", "--format", "json")
                #expect((try JSON(parsing: record.output)).arrayValue?.count == 1, "\(record.transcript)")
                #expect(try await restored.operate("audit", "verify").exitCode == 0)
            }
        }

        @Test("with a time, no token of before is accepted by the restored cluster, not even one that was valid")
        func revokeIssuedBefore() async throws {
            try await withCluster(["m1"]) { cluster in
                let first = await cluster[0], admin = await cluster.adminToken
                let token = try await first.mint("good", by: admin)
                let file = "\(cluster.directory)/backup"
                let plain = try await first.operate("snapshot", "save", file)
                #expect(plain.exitCode == 1 && plain.errorOutput.contains("passphrase"), "never in clear by itself: \(plain.transcript)")
                #expect(!FileManager.default.fileExists(atPath: file))
                let clear = try await first.operate("snapshot", "save", file, "--key-in-clear")
                #expect(clear.exitCode == 0 && clear.errorOutput.contains("WARNING"), "\(clear.transcript)")
                try await cluster.kill(first)
                let restored = try await cluster.newMember("r1")
                let made = try await restore(file, as: restored, cluster, ["--revoke-issued-before", "now"])
                #expect(made.exitCode == 0, "\(made.transcript)")
                try await cluster.start(restored)
                for old in [token, admin] { #expect(try await restored.verdict(on: old)["valid"] == false) }
                let fresh = try await restored.callLocally("POST", "/1.0/tokens", ["subject": "new", "scopes": ["read"]])
                #expect(fresh.status == 200 || fresh.status == 201, "\(fresh.summary)")
            }
        }

        @Test("damaged, cut and foreign files, wrong passphrases and used directories: a word why, and nothing is touched")
        func refusals() async throws {
            try await withCluster(["m1"]) { cluster in
                let first = await cluster[0]
                let file = "\(cluster.directory)/backup", phrase = "\(cluster.directory)/phrase", wrong = "\(cluster.directory)/wrong"
                try Files.write("of the backup\n", to: phrase)
                try Files.write("another\n", to: wrong)
                #expect(try await first.operate("snapshot", "save", file, "--passphrase-file", phrase).exitCode == 0)
                let whole = try Files.bytes(file)
                let target = try await cluster.newMember("r1")
                func refused(_ bytes: [UInt8], _ reason: String, passphrase: String? = nil) async throws {
                    let damaged = "\(cluster.directory)/damaged"
                    try Data(bytes).write(to: URL(filePath: damaged))
                    for arguments in [["inspect", damaged], ["restore", damaged] + target.restoreArguments + ["--encrypt-keystore", "false", "--snapshot-passphrase-file", passphrase ?? phrase]] {
                        let command = try await Command.run(Binary.path, ["snapshot"] + arguments)
                        if arguments[0] == "inspect", passphrase != nil { continue }
                        #expect(command.exitCode == 1 && command.errorOutput.contains(reason), "\(command.transcript)")
                        #expect(!command.errorOutput.contains("of the backup"))
                    }
                    #expect(!FileManager.default.fileExists(atPath: target.data))
                }
                for place in [20, 300, whole.count / 2, whole.count - 1] {
                    var bytes = whole
                    bytes[place] ^= 4
                    try await refused(bytes, "damaged")
                }
                try await refused(Array(whole.dropLast(1)), "cut short")
                try await refused(Array(whole.prefix(whole.count / 2)), "cut short")
                try await refused(whole + [1], "follow its end")
                try await refused(Array("not a backup".utf8), "no backup")
                try await refused(whole, "passphrase does not open", passphrase: wrong)
                let inspected = try await Command.run(Binary.path, ["snapshot", "inspect", file, "--passphrase-file", wrong])
                #expect(inspected.exitCode == 1, "\(inspected.transcript)")

                let used = try await Command.run(
                    Binary.path, ["snapshot", "restore", file] + first.restoreArguments + ["--encrypt-keystore", "false", "--snapshot-passphrase-file", phrase])
                #expect(used.exitCode == 1 && used.errorOutput.contains("in use"), "\(used.transcript)")
                try await cluster.kill(first)
                let stopped = try await Command.run(
                    Binary.path, ["snapshot", "restore", file] + first.restoreArguments + ["--encrypt-keystore", "false", "--snapshot-passphrase-file", phrase])
                #expect(stopped.exitCode == 1 && stopped.errorOutput.contains("holds a member already"), "\(stopped.transcript)")
                try await cluster.start(first)
                let unasked = try await Command.run(Binary.path, ["snapshot", "restore", file, "--data", target.data, "--encrypt-keystore", "false"])
                #expect(unasked.exitCode == 2 && unasked.errorOutput.contains("--yes"), "\(unasked.transcript)")
            }
        }

        @Test("no backup holds a private key, a data key or a passphrase in clear, unless it was asked for")
        func secrets() async throws {
            try await withCluster(["m1"], keystore: .passphrase(Self.passphrase)) { cluster in
                let first = await cluster[0], admin = await cluster.adminToken
                let file = "\(cluster.directory)/backup", clear = "\(cluster.directory)/clear"
                let bearer = try await first.mint("alice", by: admin, ["name": "ci"])
                #expect(try await first.operate("snapshot", "save", file).exitCode == 0)
                #expect(try await first.operate("snapshot", "save", clear, "--key-in-clear").exitCode == 0)
                let text = String(decoding: try Files.bytes(clear).prefix(4096), as: UTF8.self)
                let dataKey = try #require(text.split(separator: "\n").dropFirst().first.flatMap { try? JSON(parsing: String($0)) }?["key"]?["data_key"]?.stringValue)
                var patterns = SecretPatterns.privateKeys
                patterns.add(text: Self.passphrase, as: "the passphrase")
                patterns.add(text: admin, as: "the admin token")
                patterns.add(text: bearer, as: "a token")
                patterns.add(text: dataKey, as: "the data key")
                #expect(patterns.found(in: try Files.bytes(file)).isEmpty)
                #expect(patterns.found(in: try Files.bytes(clear)) == ["the data key"])
                #expect(patterns.found(in: try Files.bytes(first.log)).isEmpty)
            }
        }

        @Test("a save that a signal ends leaves no half of a file, in which the data key may lie in clear", arguments: [Signal.interrupt, .terminate])
        func interruptedSave(signal: Signal) async throws {
            try await withCluster(["m1"]) { cluster in
                let first = await cluster[0]
                try await cluster.suspend(first)
                let save = try await Server.start(
                    ["snapshot", "save", "\(cluster.directory)/backup", "--key-in-clear"], log: "\(cluster.directory)/save.log",
                    environment: ["CREDENCE_ADDRESS": "unix:\(first.socket)", "CREDENCE_TOKEN": nil])
                func parts() throws -> [String] { try Files.all(below: cluster.directory).filter { $0.contains("backup.part") } }
                _ = try await eventually("the file is begun") { try parts().isEmpty ? nil : true }
                #expect(try await save.end(by: signal) == .signaled(signal.rawValue), "it ends as the signal would have it")
                #expect(try parts().isEmpty)
                try await cluster.resume(first)
            }
        }

        @Test("a look into a backup that a signal ends leaves nothing of the state behind, and nobody else could have read it")
        func interruptedInspect() async throws {
            try await withCluster(["m1"]) { cluster in
                let first = await cluster[0]
                let file = "\(cluster.directory)/backup", folder = "\(cluster.directory)/tmp"
                #expect(try await first.operate("snapshot", "save", file, "--key-in-clear").exitCode == 0)
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
                func names() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }
                for arguments in [["snapshot", "inspect", file, "--full"], ["audit", "verify", "--file", file]] {
                    var interrupted = 0
                    for _ in 1...30 where interrupted < 3 {
                        let inspect = try await Server.start(arguments, log: "\(cluster.directory)/inspect.log", environment: ["TMPDIR": folder])
                        while names().isEmpty, inspect.isRunning { await Task.yield() }
                        if let name = names().first {
                            let mode = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.posixPermissions] as? Int
                            #expect(mode == nil || mode == 0o700)
                        }
                        if try await inspect.end(by: .terminate) == .signaled(Signal.terminate.rawValue) { interrupted += 1 }
                        #expect(names().isEmpty)
                    }
                    #expect(interrupted > 0, "no signal came in time: \(arguments)")
                }
            }
        }

        @Test("a directory of another user is not touched by what is run on it offline, and the advice says as whom", .enabled(if: GuardProgram.isRoot, "only root can give a file away"))
        func anothersDirectory() async throws {
            try await withCluster(["m1"]) { cluster in
                let first = await cluster[0]
                let file = "\(cluster.directory)/backup"
                #expect(try await first.operate("snapshot", "save", file, "--key-in-clear").exitCode == 0)
                try await cluster.kill(first)
                #expect(try await Command.run("chown", ["-R", "65534", first.data]).exitCode == 0)
                let before = try Files.all(below: first.data).sorted()
                for arguments in [
                    ["member", "recover", "--data", first.data, "--yes"], ["member", "wipe", "--data", first.data, "--yes"],
                    ["member", "rekey", "--data", first.data], ["snapshot", "restore", file] + first.restoreArguments + ["--encrypt-keystore", "false"],
                ] {
                    let command = try await Command.run(Binary.path, arguments)
                    #expect(command.exitCode == 1 && command.errorOutput.contains("sudo -u"), "\(command.transcript)")
                    #expect(command.errorOutput.contains("credence \(arguments[0]) \(arguments[1])"), "\(command.transcript)")
                }
                #expect(try Files.all(below: first.data).sorted() == before)
                #expect(try await Command.run("find", [first.data, "!", "-uid", "65534"]).output.isEmpty)
            }
        }

        @Test("a restore that is killed at any moment leaves nothing to serve from, or a whole member")
        func killedRestore() async throws {
            try await withCluster(["m1"]) { cluster in
                let first = await cluster[0], admin = await cluster.adminToken
                let token = try await first.mint("good", by: admin)
                let file = "\(cluster.directory)/backup"
                #expect(try await first.operate("snapshot", "save", file, "--key-in-clear").exitCode == 0)
                let target = try await cluster.newMember("r1")
                let arguments = ["snapshot", "restore", file] + target.restoreArguments + ["--encrypt-keystore", "false"]
                let whole = try await duration { try await Command.run(Binary.path, arguments) }
                #expect(try await wipe(target).exitCode == 0)
                var unfinished = 0
                for step in 8...26 {
                    try await kill(after: whole * step / 24, arguments)
                    let served = try await Command.run(
                        Binary.path, target.serveArguments(["--exit-after-init", "--encrypt-keystore", "false"]), secondsMax: 20)
                    if served.exitCode == 1 {
                        #expect(served.errorOutput.contains("snapshot restore"), "\(served.transcript)")
                        unfinished += 1
                        continue
                    }
                    // Whole, or nothing had been written and an empty directory founded a cluster of its own.
                    #expect(served.exitCode == 0, "\(served.transcript)")
                    #expect(try await wipe(target).exitCode == 0)
                }
                #expect(unfinished > 0, "no kill came in the middle")
                let last = try await restore(file, as: target, cluster)
                #expect(last.exitCode == 0, "\(last.transcript)")
                try await cluster.start(target)
                #expect(try await target.verdict(on: token)["valid"] == true)
            }
        }

        // MARK: - Recovering

        @Test("two of three voters are lost: the survivor goes on alone, the others are refused when they come back, and new ones join")
        func recover() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let survivor = members[0]
                let good = try await survivor.mint("good", by: admin), bad = try await survivor.mint("bad", by: admin)
                let index = try #require(try await survivor.revoke(bad, by: admin))
                #expect(try await survivor.verdict(on: bad, from: index)["valid"] == false)
                try await cluster.kill(members[1])
                try await cluster.kill(members[2])
                let running = try await recover(survivor)
                #expect(running.exitCode == 1 && running.errorOutput.contains("in use"), "\(running.transcript)")
                try await cluster.kill(survivor)
                let unasked = try await Command.run(Binary.path, ["member", "recover", "--data", survivor.data])
                #expect(unasked.exitCode == 2, "\(unasked.transcript)")
                let recovered = try await recover(survivor)
                #expect(recovered.exitCode == 0 && recovered.errorOutput.contains("m2") && recovered.errorOutput.contains("LOST"), "\(recovered.transcript)")
                try await cluster.start(survivor)
                #expect(try await survivor.verdict(on: good)["valid"] == true)
                #expect(try await survivor.verdict(on: bad)["reason"] == "token_revoked")
                let again = try #require(try await survivor.revoke(good, by: admin))
                #expect(try await names(of: survivor) == ["m1"])

                // One of the old ones comes back: refused, and it is told why.
                try await cluster.launch(members[1])
                _ = try await eventually("m2 is told") {
                    Files.text(members[1].log).contains("went on without your member") ? true : nil
                }
                #expect(try await members[1].isReady() == false)
                #expect(try await names(of: survivor) == ["m1"])
                #expect(try await survivor.verdict(on: good, from: again)["reason"] == "token_revoked")
                let twice = try await Command.run(Binary.path, ["member", "wipe", "--data", members[1].data, "--yes"])
                #expect(twice.exitCode == 1 && twice.errorOutput.contains("in use"), "\(twice.transcript)")
                try await cluster.kill(members[1])
                let wiped = try await Command.run(Binary.path, ["member", "wipe", "--data", members[1].data, "--yes"])
                #expect(wiped.exitCode == 0 && wiped.errorOutput.contains("cluster remove"), "\(wiped.transcript)")

                let second = try await cluster.join("m2", with: cluster.joinToken(for: "m2", madeOn: survivor))
                let fourth = try await cluster.join("m4", with: cluster.joinToken(for: "m4", madeOn: second))
                try await cluster.awaitVoters(3, accordingTo: survivor)
                for member in [survivor, second, fourth] {
                    #expect(try await member.verdict(on: good, from: again)["reason"] == "token_revoked")
                    #expect(try await names(of: member) == ["m1", "m2", "m4"])
                }
                // The last old one, beside a whole cluster.
                try await cluster.launch(members[2])
                _ = try await eventually("m3 is told") {
                    Files.text(members[2].log).contains("went on without your member") ? true : nil
                }
                #expect(try await members[2].isReady() == false)
            }
        }

        @Test("a recovery that is killed at any moment leaves the member as it was, or one that is finished by another run")
        func killedRecovery() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let bad = try await members[0].mint("bad", by: admin)
                let index = try #require(try await members[0].revoke(bad, by: admin))
                #expect(try await members[0].verdict(on: bad, from: index)["valid"] == false)
                for member in members { try await cluster.kill(member) }
                let survivor = members[0]
                let kept = "\(cluster.directory)/kept"
                #expect(try await Command.run("cp", ["-a", survivor.data, kept]).exitCode == 0)
                let arguments = ["member", "recover", "--data", survivor.data, "--yes"]
                let whole = try await duration { try await Command.run(Binary.path, arguments) }
                for step in 8...26 {
                    #expect(try await Command.run("rm", ["-r", survivor.data]).exitCode == 0)
                    #expect(try await Command.run("cp", ["-a", kept, survivor.data]).exitCode == 0)
                    try await kill(after: whole * step / 24, arguments)
                    let finished = try await recover(survivor)
                    #expect(finished.exitCode == 0 || finished.errorOutput.contains("only member"), "step \(step): \(finished.transcript)")
                }
                try await cluster.start(survivor)
                #expect(try await survivor.verdict(on: bad)["reason"] == "token_revoked")
                #expect(try await names(of: survivor) == ["m1"])
            }
        }

        // MARK: - Rekeying

        @Test("a keystore's passphrase is changed, taken away and given back; what was before does not open it, and a running member is spared")
        func rekey() async throws {
            try await withCluster(["m1"], keystore: .passphrase(Self.passphrase)) { cluster in
                let member = await cluster[0], admin = await cluster.adminToken
                let old = "\(cluster.directory)/passphrase", new = "\(cluster.directory)/new"
                try Files.write("another one\n", to: new)
                func rekey(_ more: String...) async throws -> Command {
                    try await Command.run(Binary.path, ["member", "rekey", "--data", member.data] + more)
                }
                let running = try await rekey("--keystore-passphrase-file", old, "--new-passphrase-file", new)
                #expect(running.exitCode == 1 && running.errorOutput.contains("in use"), "\(running.transcript)")
                try await cluster.kill(member)
                let wrong = try await rekey("--keystore-passphrase-file", new, "--new-passphrase-file", old)
                #expect(wrong.exitCode == 1 && wrong.errorOutput.contains("nothing was changed"), "\(wrong.transcript)")
                let changed = try await rekey("--keystore-passphrase-file", old, "--new-passphrase-file", new)
                #expect(changed.exitCode == 0, "\(changed.transcript)")
                let refused = try await Command.run(Binary.path, member.serveArguments(["--exit-after-init", "--keystore-passphrase-file", old]))
                #expect(refused.exitCode == 1 && refused.errorOutput.contains("does not open"), "\(refused.transcript)")
                try await cluster.start(member, arguments: ["--keystore-passphrase-file", new])
                #expect(try await member.verdict(on: admin)["valid"] == true)
                try await cluster.kill(member)

                let plain = try await rekey("--keystore-passphrase-file", new, "--encrypt-keystore", "false")
                #expect(plain.exitCode == 0 && plain.errorOutput.contains("WARNING"), "\(plain.transcript)")
                #expect(try await Files.permissions("\(member.data)/keystore.key") == "600")
                try await cluster.start(member)
                try await cluster.kill(member)
                let back = try await rekey("--new-passphrase-file", new)
                #expect(back.exitCode == 0, "\(back.transcript)")
                #expect(!FileManager.default.fileExists(atPath: "\(member.data)/keystore.key"))
                try await cluster.start(member, arguments: ["--keystore-passphrase-file", new])
                #expect(try await member.verdict(on: admin)["valid"] == true)
            }
        }

        // MARK: -

        private func restore(_ file: String, as member: Member, _ cluster: TestCluster, _ more: [String] = []) async throws -> Command {
            try await Command.run(
                Binary.path, ["snapshot", "restore", file] + member.restoreArguments + cluster.keystoreArguments + more)
        }

        private func recover(_ member: Member) async throws -> Command {
            try await Command.run(Binary.path, ["member", "recover", "--data", member.data, "--yes"])
        }

        private func wipe(_ member: Member) async throws -> Command {
            try await Command.run(Binary.path, ["member", "wipe", "--data", member.data, "--yes"])
        }

        private func duration(_ work: () async throws -> Command) async throws -> Duration {
            let begun = ContinuousClock.now
            let command = try await work()
            #expect(command.exitCode == 0, "\(command.transcript)")
            return ContinuousClock.now - begun
        }

        private func kill(after time: Duration, _ arguments: [String]) async throws {
            let milliseconds = Int(time / .milliseconds(1))
            _ = try await Command.run("timeout", ["-s", "KILL", "\(milliseconds / 1000).\(String(milliseconds % 1000 + 1000).dropFirst())", Binary.path] + arguments)
        }

        private func names(of member: Member) async throws -> [String] {
            let list = try await member.callLocally("GET", "/1.0/cluster/members?recursion=1").metadata
            return (list.arrayValue ?? []).compactMap { $0["server_name"]?.stringValue }.sorted()
        }

        /// Changes without a pause for the length of `body`.
        private func underLoad(_ member: Member, _ admin: String, _ body: () async throws -> Void) async throws {
            let changes = Changes()
            let load = Task {
                while await !changes.isOver {
                    _ = try await member.mint("load", by: admin, ["name": .string("n\(await changes.count)")])
                    await changes.add()
                }
            }
            _ = try await eventually("changes are made") { await changes.count > 0 ? true : nil }
            let before = await changes.count
            do {
                try await body()
            } catch {
                await changes.end()
                throw error
            }
            await changes.end()
            try await load.value
            let count = await changes.count - before
            #expect(count > 0, "changes while the backup was made")
        }
    }
}

private actor Changes {
    private(set) var count = 0
    private(set) var isOver = false
    func add() { count += 1 }
    func end() { isOver = true }
}

extension Member {
    /// What `snapshot restore` needs to make this member.
    var restoreArguments: [String] { ["--data", data, "--name", name, "--advertise", address, "--yes"] }
}
