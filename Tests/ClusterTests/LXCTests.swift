import FoundationEssentials
import JOSE
import Subprocess
import Testing

extension ClusterTests {
    /// The unmodified client of LXD, against each member in turn.
    @Suite("The lxc client of Debian", .enabled("no lxc: see cluster/test") { await LXC.isThere })
    struct LXCTests {
        @Test("adds a remote by a token, and manages trust and the cluster through any member")
        func everything() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                for (number, member) in members.enumerated() {
                    let lxc = try LXC(home: "\(cluster.directory)/lxc\(number)")
                    let token = try await member.operate("trust", "add", "laptop\(number)").line
                    try await lxc.succeed("remote", "add", "S", token)
                    // The client goes to the first address in the token; this one asks the member whose turn it is.
                    try await lxc.succeed("remote", "add", "T", "https://\(member.address)", "--accept-certificate")
                    try await lxc.succeed("remote", "switch", "T")
                    try await trust(lxc, cluster, number)
                    try await tokens(lxc)
                    try await inspect(lxc, members)
                }
            }
        }

        private func trust(_ lxc: LXC, _ cluster: TestCluster, _ number: Int) async throws {
            let other = try await OpenSSLClient(in: cluster.directory, name: "other\(number)")
            let short = String(other.fingerprint.prefix(12))
            try await lxc.succeed("config", "trust", "add", "T:", other.certificateFile, "--name", "other", "--restricted", "--projects", "p1")
            #expect(try await lxc.succeed("config", "trust", "list", "T:", "--format", "csv").contains(short))
            let shown = try await lxc.succeed("config", "trust", "show", "T:\(short)")
            #expect(shown.contains("restricted: true") && shown.contains("- p1"), "\(shown)")
            let edited = try await Command.run(
                "lxc", ["config", "trust", "edit", "T:\(short)"], environment: lxc.environment, input: shown.replacing("name: other", with: "name: renamed"))
            #expect(edited.exitCode == 0, "\(edited.transcript)")
            #expect(try await lxc.succeed("config", "trust", "show", "T:\(short)").contains("name: renamed"))
            try await lxc.succeed("config", "trust", "remove", "T:\(short)")
            #expect(try await !lxc.succeed("config", "trust", "list", "T:", "--format", "csv").contains(short))
            #expect(try await lxc.run("config", "trust", "show", "T:\(short)").errorOutput.contains("Certificate not found"))
        }

        private func tokens(_ lxc: LXC) async throws {
            try await lxc.succeed("config", "trust", "add", "--name", "guest", "--restricted", "--projects", "p1")
            #expect(try await lxc.succeed("config", "trust", "list-tokens", "T:", "--format", "csv").contains("guest"))
            try await lxc.succeed("config", "trust", "revoke-token", "T:guest")
            #expect(try await !lxc.succeed("config", "trust", "list-tokens", "T:", "--format", "csv").contains("guest"))
            try await lxc.succeed("cluster", "add", "T:m9")
            #expect(try await lxc.succeed("cluster", "list-tokens", "T:", "--format", "csv").contains("m9"))
            try await lxc.succeed("cluster", "revoke-token", "T:m9")
            try await lxc.succeed("config", "set", "T:", "core.remote_token_expiry=1H")
            #expect(try await lxc.succeed("config", "show", "T:").contains("core.remote_token_expiry: 1H"))
            try await lxc.succeed("config", "unset", "T:", "core.remote_token_expiry")
            #expect(try await lxc.succeed("config", "show", "T:") == "config: {}\n")
        }

        private func inspect(_ lxc: LXC, _ members: [Member]) async throws {
            let list = try await lxc.succeed("cluster", "list", "T:", "--format", "csv")
            for member in members {
                #expect(list.contains(member.name) && list.contains(member.address), "\(list)")
                #expect(try await lxc.succeed("cluster", "show", "T:\(member.name)").contains("server_name: \(member.name)"))
                #expect(try await lxc.succeed("info", "T:", "--target", member.name).contains("auth: trusted"))
            }
            #expect(list.contains("ONLINE") && list.contains("database-leader"))
            #expect(try await lxc.succeed("query", "T:/1.0").contains(#""auth": "trusted""#))
            try await lxc.succeed("operation", "list", "T:")
        }

        @Test("edits, re-roles and removes members, through another member than the one that goes")
        func members() async throws {
            try await withCluster(["m1", "m2", "m3", "m4"]) { cluster in
                let members = await cluster.members
                let lxc = try LXC(home: "\(cluster.directory)/lxc")
                try await lxc.succeed("remote", "add", "T", try await members[1].operate("trust", "add", "laptop").line)
                let shown = try await lxc.succeed("cluster", "show", "T:m4")
                #expect(shown.contains("failure_domain: default"), "\(shown)")
                let edited = try await Command.run(
                    "lxc", ["cluster", "edit", "T:m4"], environment: lxc.environment,
                    input: shown.replacing("failure_domain: default", with: "failure_domain: rack4").replacing("description: \"\"", with: "description: spare"))
                #expect(edited.exitCode == 0, "\(edited.transcript)")
                let after = try await lxc.succeed("cluster", "show", "T:m4")
                #expect(after.contains("failure_domain: rack4") && after.contains("description: spare"), "\(after)")
                var replica = ""
                for member in members where try await !lxc.succeed("cluster", "show", "T:\(member.name)").contains("- database") {
                    replica = member.name
                }
                try await lxc.succeed("cluster", "role", "add", "T:\(replica)", "database")
                _ = try await eventually("\(replica) votes") {
                    try await lxc.succeed("cluster", "show", "T:\(replica)").contains("- database") ? true : nil
                }
                try await lxc.succeed("cluster", "role", "remove", "T:\(replica)", "database")
                let unknown = try await lxc.run("cluster", "role", "add", "T:m4", "king")
                #expect(unknown.exitCode != 0 && unknown.errorOutput.contains("is no role here"), "\(unknown.transcript)")
                try await lxc.succeed("cluster", "remove", "T:m3")
                try await lxc.succeed("cluster", "remove", "T:m4", "--force", "--yes")
                let list = try await lxc.succeed("cluster", "list", "T:", "--format", "csv")
                #expect(!list.contains("m3") && !list.contains("m4") && list.contains("m1") && list.contains("m2"), "\(list)")
                #expect(try await lxc.run("cluster", "remove", "T:m3").errorOutput.contains("Cluster member not found"))
                let files = ("\(cluster.directory)/own.crt", "\(cluster.directory)/own.key")
                let made = try await Command.run(
                    "openssl",
                    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", files.1, "-out", files.0, "-subj", "/CN=auth.example", "-addext",
                     "subjectAltName=DNS:auth.example", "-days", "30"])
                #expect(made.exitCode == 0, "\(made.transcript)")
                try await lxc.succeed("cluster", "update-certificate", "T:", files.0, files.1)
                try await lxc.succeed("cluster", "list", "T:")
            }
        }

        @Test("monitor shows a change as it is made, on any member")
        func monitor() async throws {
            try await withCluster { cluster in
                let members = await cluster.members
                let lxc = try LXC(home: "\(cluster.directory)/lxc")
                try await lxc.succeed("remote", "add", "T", try await members[2].operate("trust", "add", "laptop").line)
                let log = "\(cluster.directory)/monitor"
                let monitor = try await Server.start(["monitor", "T:", "--type=lifecycle"], log: log, binary: "lxc", environment: lxc.environment)
                // What was made before it listens is not shown, so another is made until one is.
                var number = 0
                _ = try await eventually("lxc monitor shows a change") {
                    number += 1
                    _ = try await members[0].operate("token", "create", "--subject", "s", "--scope", "read", "--name", "n\(number)")
                    return Files.text(log).contains("action: token-created") ? true : nil
                }
                let shown = Files.text(log)
                #expect(shown.contains("type: lifecycle") && shown.contains("username: uid:") && shown.contains("location: m"), "\(shown)")
                // And operations, before which the client opens a listener too, go on as ever.
                try await lxc.succeed("cluster", "add", "T:m9")
                try await monitor.end(by: .kill)
            }
        }

        @Test("a token of the client's user is refused once it was used, and a stranger's client is told that it is not authorized")
        func refusals() async throws {
            try await withCluster(["m1"]) { cluster in
                let member = await cluster[0]
                let token = try await member.operate("trust", "add", "once").line
                try await LXC(home: "\(cluster.directory)/lxc-a").succeed("remote", "add", "S", token)
                let late = try await LXC(home: "\(cluster.directory)/lxc-b").run("remote", "add", "S", token)
                #expect(late.exitCode != 0 && late.errorOutput.contains("No matching certificate add operation found"), "\(late.transcript)")
            }
        }
    }
}

/// `lxc` with a home of its own, so with a key and remotes of its own.
struct LXC {
    let environment: [String: String?]

    static var isThere: Bool {
        get async { (try? await Command.run("lxc", ["--version"]))?.exitCode == 0 }
    }

    init(home: String) throws {
        try Files.makeDirectory(home)
        environment = ["HOME": home, "LXD_CONF": home]
    }

    func run(_ arguments: String...) async throws -> Command { try await run(arguments) }

    private func run(_ arguments: [String]) async throws -> Command {
        try await Command.run("lxc", arguments, environment: environment, input: "")
    }

    @discardableResult
    func succeed(_ arguments: String...) async throws -> String {
        let done = try await run(arguments)
        guard done.exitCode == 0 else { throw TestFailure("lxc \(arguments.joined(separator: " ")): \(done.transcript)") }
        return done.output
    }
}
