import FoundationEssentials
import JOSE
import Subprocess
import Testing

extension ClusterTests {
    @Suite("The first hour of an operator")
    struct FirstHourTests {
        @Test("three machines, seven commands: a cluster whose doctor finds nothing to do", .enabled("needs root, iproute2: see cluster/test") { await MachineNetwork.canBeMade })
        func threeMachines() async throws {
            let network = try await MachineNetwork(machines: 3)
            var servers: [Server] = []
            do {
                let directory = network.directory
                let first = try await network.run(
                    0, "init", "--name", "m1", "--address", "\(network.address(0)):8443", "--no-passphrase", "--data", "\(directory)/m1",
                    "--config", "\(directory)/m1.yaml", "--save-token", "\(directory)/admin.token")
                #expect(first.exitCode == 0 && first.errorOutput.contains("credence serve --config \(directory)/m1.yaml"), "\(first.transcript)")
                servers.append(try await network.serve(0, "--config", "\(directory)/m1.yaml"))
                _ = try await eventually("m1 serves") { try await network.run(0, "cluster", "status", "--data", "\(directory)/m1").exitCode == 0 ? true : nil }
                for number in 1...2 {
                    let name = "m\(number + 1)"
                    let token = try await network.run(0, "cluster", "add", name, "--data", "\(directory)/m1").line
                    servers.append(
                        try await network.serve(
                            number, "--join", token, "--advertise", "\(network.address(number)):8443", "--encrypt-keystore", "false", "--data",
                            "\(directory)/\(name)"))
                    _ = try await eventually("\(name) serves") {
                        try await network.run(number, "cluster", "status", "--data", "\(directory)/\(name)").exitCode == 0 ? true : nil
                    }
                    let log = Files.text("\(directory)/machine\(number).log")
                    #expect(log.contains("joining: asking a member") && log.contains("joining: admitted"), "each step shows: \(log)")
                }
                _ = try await eventually("the doctor on the third machine finds nothing to do") {
                    let doctor = try await network.run(2, "doctor", "--data", "\(directory)/m3", "--format", "json")
                    let findings = (try? JSON(parsing: doctor.output))?.arrayValue ?? []
                    return doctor.exitCode == 0 && findings.count > 10 && findings.allSatisfy { $0["outcome"] == "ok" } ? true : nil
                }
                #expect(Files.text("\(directory)/machine2.log").contains("caught up"))
            } catch {
                for server in servers { _ = try? await server.end(by: .kill) }
                await network.remove()
                throw error
            }
            for server in servers { _ = try? await server.end(by: .kill) }
            await network.remove()
        }

        @Test("what init is not told and cannot ask is a usage error that names the options, and nothing is made")
        func nobodyToAsk() async throws {
            try await withFolder { folder in
                let done = try await Command.run(Binary.path, ["init", "--data", "\(folder)/d", "--config", "\(folder)/c.yaml"], input: "")
                #expect(done.exitCode == 2 && done.errorOutput.contains("--no-passphrase"), "\(done.transcript)")
                #expect(!FileManager.default.fileExists(atPath: "\(folder)/d") && !FileManager.default.fileExists(atPath: "\(folder)/c.yaml"))
            }
        }

        @Test("a file of answers says everything, its passphrase is kept with mode 0600, and a second init does not touch the first")
        func preseed() async throws {
            try await withFolder { folder in
                let answers = "name: m1\naddress: \"127.0.0.1:\(try await FreePorts.take())\"\npassphrase: \"swordfish 7\"\n"
                try Files.write(answers, to: "\(folder)/answers")
                let arguments = ["init", "--preseed", "\(folder)/answers", "--data", "\(folder)/d", "--config", "\(folder)/etc/c.yaml"]
                let done = try await Command.run(Binary.path, arguments, input: "")
                #expect(done.exitCode == 0, "\(done.transcript)")
                #expect(!done.transcript.contains("swordfish"))
                #expect(try await Files.permissions("\(folder)/etc/passphrase") == "600")
                let server = try await Server.start(["serve", "--config", "\(folder)/etc/c.yaml"], log: "\(folder)/log")
                _ = try await eventually("it serves with that passphrase") {
                    try await Command.run(Binary.path, ["cluster", "status", "--data", "\(folder)/d"]).exitCode == 0 ? true : nil
                }
                try await server.end(by: .terminate)
                let before = try Files.bytes("\(folder)/etc/c.yaml")
                let again = try await Command.run(Binary.path, arguments, input: "")
                #expect(again.exitCode == 0, "what is there already stays: \(again.transcript)")
                #expect(try Files.bytes("\(folder)/etc/c.yaml") == before)
                let contradiction = try await Command.run(Binary.path, ["init", "--no-passphrase", "--passphrase-file", "\(folder)/etc/passphrase"], input: "")
                #expect(contradiction.exitCode == 2 && contradiction.errorOutput.contains("contradict"), "\(contradiction.transcript)")
                let twice = try await Command.run(Binary.path, ["init", "--preseed", "-"], input: "passphrase: x\nno-passphrase: true\n")
                #expect(twice.exitCode == 2 && twice.errorOutput.contains("only one"), "\(twice.transcript)")
                let unknown = try await Command.run(Binary.path, ["init", "--preseed", "-"], input: "nmae: x\n")
                #expect(unknown.exitCode == 2 && unknown.errorOutput.contains("nmae"), "\(unknown.transcript)")
            }
        }

        @Test("an option for the keys on this disk beats the answers: they are never left open when a passphrase was asked for")
        func optionBeatsAnswers() async throws {
            try await withFolder { folder in
                try Files.write("swordfish 7", to: "\(folder)/pw")
                try Files.write("no-passphrase: true\naddress: \"127.0.0.1:\(try await FreePorts.take())\"\n", to: "\(folder)/answers")
                let done = try await Command.run(
                    Binary.path,
                    ["init", "--preseed", "\(folder)/answers", "--passphrase-file", "\(folder)/pw", "--data", "\(folder)/d", "--config", "\(folder)/c.yaml"], input: "")
                #expect(done.exitCode == 0, "\(done.transcript)")
                #expect(!FileManager.default.fileExists(atPath: "\(folder)/d/keystore.key"))
                #expect(Files.text("\(folder)/c.yaml").contains("keystore-passphrase-file"))
            }
        }

        @Test("a configuration that says something else is not overruled; one with comments only is added to")
        func configuration() async throws {
            try await withFolder { folder in
                let port = try await FreePorts.take()
                let arguments = ["init", "--no-passphrase", "--address", "127.0.0.1:\(port)", "--data", "\(folder)/d", "--config", "\(folder)/c.yaml"]
                try Files.write("# mine\nadvertise: [\"10.0.0.1:1\"]\n", to: "\(folder)/c.yaml")
                let other = try await Command.run(Binary.path, arguments, input: "")
                #expect(other.exitCode == 1 && other.errorOutput.contains("advertise"), "\(other.transcript)")
                #expect(!FileManager.default.fileExists(atPath: "\(folder)/d"), "found before anything is made")
                try Files.write("# mine\nlog-level: warning\n", to: "\(folder)/c.yaml")
                let added = try await Command.run(Binary.path, arguments, input: "")
                #expect(added.exitCode == 0, "\(added.transcript)")
                let text = Files.text("\(folder)/c.yaml")
                #expect(text.hasPrefix("# mine\nlog-level: warning\n") && text.contains("advertise: \"127.0.0.1:\(port)\"\n"), "\(text)")
            }
        }

        @Test("a join that is refused leaves nothing that stops the next try")
        func refusedJoin() async throws {
            try await withCluster(["m1"]) { cluster in
                let token = try await cluster.joinToken(for: "m2", madeOn: cluster[0])
                let folder = cluster.directory
                let port = try await FreePorts.take()
                func arguments(_ token: String) -> [String] {
                    ["init", "--join", token, "--no-passphrase", "--address", "127.0.0.1:\(port)", "--data", "\(folder)/j", "--config", "\(folder)/j.yaml"]
                }
                let wrong = try JoinTokenText(token).changing("secret", to: .string(String(repeating: "0", count: 64)))
                let refused = try await Command.run(Binary.path, arguments(wrong), input: "")
                #expect(refused.exitCode == 1 && !FileManager.default.fileExists(atPath: "\(folder)/j.yaml"), "\(refused.transcript)")
                // With a passphrase too: twice the same failure, not another one.
                let answers = "join: nonsense\naddress: \"127.0.0.1:\(port)\"\npassphrase: \"swordfish\"\n"
                for _ in 0..<2 {
                    let failed = try await Command.run(
                        Binary.path, ["init", "--preseed", "-", "--data", "\(folder)/p", "--config", "\(folder)/p.yaml"], input: answers)
                    #expect(failed.exitCode == 1 && failed.errorOutput.contains("join token"), "\(failed.transcript)")
                }
                let joined = try await Command.run(Binary.path, arguments(token), input: "")
                #expect(joined.exitCode == 0, "\(joined.transcript)")
            }
        }
    }
}

private func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = "/tmp/credence-test-\(UInt32.random(in: .min ... .max))"
    try Files.makeDirectory(folder)
    defer { try? Files.remove(folder) }
    try await body(folder)
}

/// Machines as namespaces of the network, joined by a bridge in another; all of it goes at the end.
private struct MachineNetwork {
    let directory = "/tmp/credence-test-\(UInt32.random(in: .min ... .max))"
    private let prefix = "cf\(UInt16.random(in: .min ... .max))"
    private let count: Int

    static var canBeMade: Bool {
        get async {
            let probe = "cfprobe\(UInt16.random(in: .min ... .max))"
            guard (try? await Command.run("ip", ["netns", "add", probe]))?.exitCode == 0 else { return false }
            return (try? await Command.run("ip", ["netns", "del", probe]))?.exitCode == 0
        }
    }

    init(machines: Int) async throws {
        count = machines
        try Files.makeDirectory(directory)
        do {
            try await ip("netns", "add", hub)
            try await ip("-n", hub, "link", "add", "br0", "type", "bridge")
            try await ip("-n", hub, "link", "set", "br0", "up")
            for number in 0..<machines { try await add(number) }
        } catch {
            await remove()
            throw error
        }
    }

    private var hub: String { "\(prefix)h" }
    private func space(_ number: Int) -> String { "\(prefix)m\(number)" }
    func address(_ number: Int) -> String { "10.78.0.\(number + 1)" }

    private func add(_ number: Int) async throws {
        try await ip("netns", "add", space(number))
        try await ip("-n", space(number), "link", "set", "lo", "up")
        try await ip("-n", hub, "link", "add", "p\(number)", "type", "veth", "peer", "name", "eth0", "netns", space(number))
        try await ip("-n", hub, "link", "set", "p\(number)", "master", "br0", "up")
        try await ip("-n", space(number), "addr", "add", "\(address(number))/24", "dev", "eth0")
        try await ip("-n", space(number), "link", "set", "eth0", "up")
    }

    private func ip(_ arguments: String...) async throws {
        let done = try await Command.run("ip", arguments)
        guard done.exitCode == 0 else { throw TestFailure("ip \(arguments.joined(separator: " ")): \(done.transcript)") }
    }

    func run(_ number: Int, _ arguments: String...) async throws -> Command {
        try await Command.run("ip", ["netns", "exec", space(number), Binary.path] + arguments, input: "")
    }

    func serve(_ number: Int, _ arguments: String...) async throws -> Server {
        try await Server.start(["netns", "exec", space(number), Binary.path, "serve"] + arguments, log: "\(directory)/machine\(number).log", binary: "ip")
    }

    func remove() async {
        for space in (0..<count).map(space) + [hub] { _ = try? await Command.run("ip", ["netns", "del", space]) }
        try? Files.remove(directory)
    }
}
