import ArgumentParser
import Foundation
import JOSE

@main
struct Chaos: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a real cluster, breaks it in every way this machine allows, and checks what its clients saw.",
        subcommands: [Mixed.self, Failover.self, Pause.self, Partition.self, Snapshot.self], defaultSubcommand: Mixed.self)
}

struct CommonOptions: ParsableArguments {
    @Option(help: "The program to test. Default: $CREDENCE_BINARY, or .build/release/credence.") var binary: String?
    @Option(help: "How many members.") var members = 3
    @Option(help: "The same seed injects the same faults.") var seed: UInt64 = 1
    @Flag(help: "Print the result as JSON.") var json = false
    @Flag(help: "Keep data, logs and history.") var keep = false

    var program: String {
        let path = binary ?? ProcessInfo.processInfo.environment["CREDENCE_BINARY"] ?? ".build/release/credence"
        return path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

    /// A cluster for the length of `body`.
    func withFleet(
        smallDisk: Int? = nil, arguments: [String] = [], _ body: (Fleet) throws -> Bool
    ) throws {
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw ValidationError("\(program) is not there; build it with: swift build -c release --product credence")
        }
        let network = TestNetwork.isAvailable ? try TestNetwork(count: members + 1) : nil
        if network == nil { say("SKIPPED: faults of the network; they need root, for network namespaces") }
        let directory = "/tmp/credence-chaos-\(getpid())"
        let fleet = try Fleet(binary: program, directory: directory, network: network)
        var isGood = false
        defer { fleet.remove(keepingFiles: keep || !isGood) }
        for slot in 0..<members {
            try fleet.add(smallDisk: slot == smallDisk ? 96 : nil, arguments: arguments)
        }
        let deadline = Clock.now() + 60_000_000_000
        while fleet.voters(askedOf: 0) < min(members, 3), Clock.now() < deadline { Clock.pause(seconds: 0.05) }
        isGood = try body(fleet)
        guard isGood else {
            say("history and logs stay in \(directory)")
            throw ExitCode(1)
        }
    }

    func show(_ rows: [(String, String)]) {
        if json {
            print(JSON.object(JSONObject(rows.map { ($0.0, .string($0.1)) })).encodedString)
        } else {
            let width = rows.map(\.0.count).max() ?? 0
            for (name, value) in rows { print(name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + value) }
        }
    }
}
