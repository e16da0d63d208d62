import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("Rotation of the data key and of the cluster's CA")
    struct SecretRotationTests {
        @Test("after the data key changed while one member was away, that member and one that joins later open everything")
        func dataKey() async throws {
            try await withCluster(keystore: .passphrase("correct horse battery staple 7391")) { cluster in
                let members = await cluster.members, admin = await cluster.adminToken
                let rotate = try await members[0].operate("key", "rotate", "--algorithm", "HS256", "--activate-in", "0")
                #expect(rotate.exitCode == 0, "\(rotate.transcript)")
                let old = try await eventually("a shared secret signs") { try? await members[0].mint("alice", by: admin, algorithm: "HS256") }
                _ = try await cluster.end(members[2], by: .terminate)
                for member in [members[1], members[0]] {
                    let changed = try await member.operate("cluster", "rotate-data-key")
                    #expect(changed.exitCode == 0, "\(changed.transcript)")
                }
                let new = try await members[0].mint("bob", by: admin, algorithm: "HS256")
                try await cluster.start(members[2], arguments: cluster.keystoreArguments)
                try await cluster.awaitReady(members[2])
                let token = try await cluster.joinToken(for: "m4", madeOn: members[2])
                let joined = try await cluster.join("m4", with: token)
                let index = try await appliedIndex(members[0])
                for member in members + [joined] {
                    for token in [old, new] {
                        let verdict = try await member.verdict(on: token, from: index, by: admin)
                        #expect(verdict["valid"] == true, "\(member.name): \(verdict)")
                    }
                    // With what only the data key opens: the cluster's CA, and a key that signs.
                    let minted = try await member.mint("carol", by: admin, algorithm: "HS256")
                    #expect(try await members[0].verdict(on: minted, by: admin)["valid"] == true)
                    let issued = try await issue("of-\(member.name)", on: member, in: cluster.directory)
                    #expect(issued.exitCode == 0, "\(issued.transcript)")
                }
                // While it read what was sealed before it came it had nothing to complain of.
                #expect(!Files.text(joined.log).contains("cannot be"), "\(Files.tail(joined.log))")
                // And once more over a restart.
                try await cluster.kill(joined)
                try await cluster.start(joined, arguments: cluster.keystoreArguments)
                try await cluster.awaitReady(joined)
                #expect(try await joined.verdict(on: new, from: index, by: admin)["valid"] == true)
            }
        }

        @Test("a new CA: in the overlap clients of the former one and join tokens go on, afterwards those of the new one do, and everything is of the new one")
        func authority() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, directory = cluster.directory
                let former = try await authorities(of: members[0], to: "\(directory)/former.crt")
                #expect(former == 1)
                let early = try await cluster.joinToken(for: "m4", madeOn: members[0])
                #expect(try await issue("early", on: members[0], in: directory).exitCode == 0)

                let rotated = try await members[1].operate("cluster", "rotate-authority", "--overlap", "7")
                #expect(rotated.exitCode == 0 && rotated.errorOutput.contains("--authority"), "\(rotated.transcript)")
                let again = try await members[2].operate("cluster", "rotate-authority")
                #expect(again.exitCode == 1 && again.errorOutput.contains("--end"), "\(again.transcript)")
                let index = try await appliedIndex(members[1])
                for member in members { _ = try await member.callLocally("GET", "/1.0", options: ["--header", "Credence-Min-Index: \(index)"]) }
                #expect(try await authorities(of: members[2], to: "\(directory)/both.crt") == 2)
                let split = try await Command.run("sh", ["-c", "awk '/BEGIN/{n++} {print > (\"\(directory)/ca\" n \".crt\")}' \(directory)/both.crt"])
                #expect(split.exitCode == 0)
                let (first, second) = ("\(directory)/ca1.crt", "\(directory)/ca2.crt")

                for member in members {
                    #expect(try await accepts("\(directory)/former.crt", member))
                    #expect(try await accepts("\(directory)/both.crt", member))
                    #expect(try await !accepts(second, member), "the new CA has issued nothing yet that clients see")
                }
                // A token that was made before, and one that is made now.
                let joined = try await cluster.join("m4", with: early)
                let late = try await cluster.joinToken(for: "m5", madeOn: joined)
                let another = try await cluster.join("m5", with: late)
                // Members' certificates and those of clients are of the new one.
                #expect(try await issue("late", on: joined, in: directory).exitCode == 0)
                #expect(try await isIssued("\(directory)/late.crt", by: second))
                #expect(try await isIssued("\(directory)/early.crt", by: first))
                // Each CA speaks for what it issued.
                for name in ["early", "late"] { #expect(try await members[0].operate("revoke", "certificate", "\(directory)/\(name).crt").exitCode == 0) }
                for (list, authority) in [("cluster", second), ("cluster-former", first)] {
                    _ = try await eventually("\(list).crl names both, signed by its CA") { () -> Bool? in
                        let file = "\(directory)/\(list).crl"
                        let fetched = try await Member.curl(["--insecure", "https://\(another.address)/crl/\(list).crl", "--output", file])
                        guard fetched.status == 200 else { return nil }
                        let text = try await Command.run("openssl", ["crl", "-inform", "DER", "-in", file, "-noout", "-text", "-CAfile", authority])
                        return text.errorOutput.contains("verify OK") && text.output.ranges(of: "Serial Number:").count == 2 ? true : nil
                    }
                }
                // The data key changes in an overlap too.
                #expect(try await members[0].operate("cluster", "rotate-data-key").exitCode == 0)

                let ended = try await members[2].operate("cluster", "rotate-authority", "--end")
                #expect(ended.exitCode == 0, "\(ended.transcript)")
                let end = try await appliedIndex(members[2])
                for member in members + [joined, another] {
                    _ = try await member.callLocally("GET", "/1.0", options: ["--header", "Credence-Min-Index: \(end)"])
                    #expect(try await accepts(second, member))
                    #expect(try await accepts("\(directory)/both.crt", member))
                    #expect(try await !accepts("\(directory)/former.crt", member), "\(member.name)")
                }
                #expect(try await authorities(of: members[0], to: "\(directory)/now.crt") == 1)
                let gone = try await Member.curl(["--insecure", "https://\(another.address)/crl/cluster-former.crl"])
                #expect(gone.status == 404)
                #expect(try await members[0].operate("cluster", "rotate-authority", "--end").exitCode == 1)
                // The members' own certificates, as they show them to each other.
                for member in members {
                    _ = try await eventually("\(member.name) shows one of the new CA") { () -> Bool? in
                        let shown = try await Command.run(
                            "openssl", ["s_client", "-connect", member.address, "-alpn", "credence-peer/3", "-showcerts"], input: "")
                        try Files.write(shown.output, to: "\(directory)/shown.crt")
                        return try await isIssued("\(directory)/shown.crt", by: second) ? true : nil
                    }
                }
                // A member that goes now leaves two certificates that would hold.
                #expect(try await members[0].operate("cluster", "remove", members[2].name, "--yes").exitCode == 0)
                _ = try await eventually("the CRL names both, and the clients' two") { () -> Bool? in
                    let file = "\(directory)/removed.crl"
                    let fetched = try await Member.curl(["--insecure", "https://\(members[0].address)/crl/cluster.crl", "--output", file])
                    guard fetched.status == 200 else { return nil }
                    let text = try await Command.run("openssl", ["crl", "-inform", "DER", "-in", file, "-noout", "-text"])
                    return text.output.ranges(of: "Serial Number:").count == 4 ? true : nil
                }
            }
        }

        private func appliedIndex(_ member: Member) async throws -> Int64 {
            let status = try await member.callLocally("GET", "/1.0/cluster/status").metadata
            return try #require(status["applied_index"]?.integerValue, "\(status)")
        }

        private func accepts(_ authorities: String, _ member: Member) async throws -> Bool {
            try await Member.curl(["--cacert", authorities, "https://\(member.address)/healthz"]).status == 200
        }

        private func isIssued(_ certificate: String, by authority: String) async throws -> Bool {
            try await Command.run("openssl", ["verify", "-partial_chain", "-CAfile", authority, certificate]).exitCode == 0
        }

        /// How many there are.
        private func authorities(of member: Member, to file: String) async throws -> Int {
            let printed = try await member.operate("cluster", "certificate", "--authority")
            try Files.write(printed.output, to: file)
            return printed.output.ranges(of: "BEGIN CERTIFICATE").count
        }

        private func issue(_ name: String, on member: Member, in directory: String) async throws -> Command {
            let request = try await Command.run(
                "openssl",
                ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(directory)/\(name).key",
                    "-subj", "/CN=\(name)", "-out", "\(directory)/\(name).csr"])
            #expect(request.exitCode == 0)
            return try await member.operate(
                "trust", "issue", "--name", name, "--csr", "\(directory)/\(name).csr", "--out", "\(directory)/\(name).crt")
        }
    }
}
