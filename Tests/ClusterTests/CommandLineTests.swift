import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("The command line")
    struct CommandLineTests {
        @Test("create, verify, explain and revoke a token, by exit code and by what is on stdout")
        func tokenVerbs() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                let created = try await member.operate("token", "create", "--subject", "alice", "--scope", "read", "--format", "table")
                #expect(created.exitCode == 0, "\(created.transcript)")
                let token = created.line
                #expect(token.split(separator: ".").count == 3 && !token.contains(" "), "the bare token and nothing else")

                #expect(try await member.operate("token", "verify", token).exitCode == 0)
                let explained = try await member.operate("token", "explain", token, "--format", "json")
                #expect(explained.exitCode == 0, "\(explained.transcript)")
                #expect(try JSON(parsing: explained.output)["valid"] == true)

                let revoked = try await member.operate("token", "revoke", token)
                #expect(revoked.exitCode == 0, "\(revoked.transcript)")
                let refused = try await member.operate("token", "verify", token)
                #expect(refused.exitCode == 4, "\(refused.transcript)")
                #expect((refused.output + refused.errorOutput).contains("token_revoked"), "\(refused.transcript)")
                #expect(try await member.operate("token", "explain", token).exitCode == 4)
                #expect(try await member.operate("token", "verify", "nonsense").exitCode == 4)
            }
        }

        @Test("--format json prints what the API returns, alone on stdout")
        func jsonFormat() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                let created = try await member.operate("token", "create", "--subject", "a", "--scope", "read", "--format", "json")
                let token = try JSON(parsing: created.output)
                for name in ["token", "id", "key_id", "expires_at"] { #expect(token[name] != nil, "\(created.transcript)") }
                for verb in [["key", "list"], ["cluster", "list"], ["cluster", "status"]] {
                    let listed = try await member.operate(verb[0], verb[1], "--format", "json")
                    #expect(listed.exitCode == 0, "\(listed.transcript)")
                    #expect(throws: Never.self) { try JSON(parsing: listed.output) }
                }
            }
        }

        @Test("key rotate makes a new active key and old tokens stay good")
        func keyRotation() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0], admin = await cluster.adminToken
                let old = try await member.mint("alice", by: admin)
                let before = try await member.call("GET", "/.well-known/jwks.json").json["keys"]?.arrayValue?.count
                let rotated = try await member.operate("key", "rotate", "--activate-in", "0")
                #expect(rotated.exitCode == 0, "\(rotated.transcript)")
                _ = try await eventually("tokens are signed by the new key") {
                    let token = try await member.mint("bob", by: admin)
                    return token.prefix(while: { $0 != "." }) == old.prefix(while: { $0 != "." }) ? nil : true
                }
                let after = try await member.call("GET", "/.well-known/jwks.json").json["keys"]?.arrayValue?.count
                #expect(after == before.map { $0 + 1 })
                #expect(try await member.verdict(on: old)["valid"] == true)
            }
        }

        @Test("a wrong use is 2, a refusal 1, nobody there 3, each with one line that says what to do")
        func exitCodes() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                let wrong: [(arguments: [String], code: Int32)] = [
                    (["nonsense"], 2), (["token", "create"], 2), (["serve", "--listen", "no address", "--data", "\(cluster.directory)/x"], 2),
                    (["cluster", "list", "--format", "colour"], 2),
                ]
                for (arguments, code) in wrong {
                    let result = try await Command.run(Binary.path, arguments, environment: ["CREDENCE_ADDRESS": "unix:\(member.socket)"])
                    #expect(result.exitCode == code, "\(arguments): \(result.transcript)")
                    #expect(!result.errorOutput.isEmpty && result.output.isEmpty, "\(arguments): \(result.transcript)")
                }
                let refused = try await member.operate("cluster", "add", "m1")
                #expect(refused.exitCode == 1, "\(refused.transcript)")
                #expect(refused.errorOutput.split(separator: "\n").count == 1, "\(refused.transcript)")

                _ = try await cluster.end(member, by: .terminate)
                let nobody = try await member.operate("cluster", "list")
                #expect(nobody.exitCode == 3, "\(nobody.transcript)")
                #expect(nobody.errorOutput.split(separator: "\n").count == 1, "\(nobody.transcript)")
            }
        }

        @Test("SIGTERM and SIGINT end a member with 0, and what it had stays", arguments: [true, false])
        func orderlyEnd(byTerminate: Bool) async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0], admin = await cluster.adminToken
                let token = try await member.mint("alice", by: admin)
                let index = try #require(try await member.revoke(token, by: admin))
                let status = try await cluster.end(member, by: byTerminate ? .terminate : .interrupt)
                #expect(status == .exited(0), "\(status)\n\(Files.tail(member.log))")
                try await cluster.start(member)
                #expect(try await member.verdict(on: token, from: index)["reason"] == "token_revoked")
            }
        }

        @Test("--exit-after-init founds and ends with 0; the next start serves with the token that was saved")
        func exitAfterInit() async throws {
            let cluster = try TestCluster(keystore: .openKeyFile)
            let member = try await cluster.newMember("m1")
            do {
                let arguments = member.serveArguments(cluster.keystoreArguments + ["--save-token", cluster.adminTokenFile, "--exit-after-init"])
                let founded = try await Command.run(Binary.path, arguments)
                #expect(founded.exitCode == 0, "\(founded.transcript)")
                let token = Files.text(cluster.adminTokenFile).trimmingSuffix(while: \.isNewline)
                #expect(!founded.output.contains(token), "a token that was saved is not printed too")
                try await cluster.start(member)
                #expect(try await member.call("GET", "/1.0/keys", token: String(token)).status == 200)
            } catch {
                await cluster.endAll()
                throw error
            }
            await cluster.endAll()
        }
    }
}
