import ArgumentParser
import Foundation
import JOSE

@main
struct Chaos: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a real cluster, breaks it in every way this machine allows, and checks what its clients saw.",
        subcommands: [Mixed.self, Failover.self, Pause.self, Partition.self, Snapshot.self, Agree.self, Judge.self], defaultSubcommand: Mixed.self)
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

    /// One line for an option that makes no sense.
    func require(_ condition: Bool, _ message: String) throws { if !condition { throw ChaosError(description: message) } }

    /// A cluster for the length of `body`.
    func withFleet(
        smallDisk: Int? = nil, arguments: [String] = [], _ body: (Fleet) throws -> Bool
    ) throws {
        try require((3...50).contains(members), "--members must be between 3 and 50")
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw ValidationError("\(program) is not there; build it with: swift build -c release --static-swift-stdlib --product credence")
        }
        let network = makeNetwork()
        let directory = "/tmp/credence-chaos-\(getpid())"
        let fleet = try Fleet(binary: program, directory: directory, network: network)
        var isGood = false
        defer {
            fleet.remove(keepingFiles: keep || !isGood)
            if keep || !isGood { Report.say("history and logs stay in \(directory)") }
        }
        for slot in 0..<members {
            try fleet.add(smallDisk: slot == smallDisk ? 96 : nil, arguments: arguments)
        }
        let deadline = Clock.now() + 60_000_000_000
        while fleet.voters(askedOf: 0) < min(members, 3), Clock.now() < deadline { Clock.pause(seconds: 0.05) }
        isGood = try body(fleet)
        if !isGood { throw ExitCode(1) }
    }

    /// nil where there can be none; what needs it then says so.
    private func makeNetwork() -> TestNetwork? {
        guard getuid() == 0 else { return nil }
        do {
            return try TestNetwork(count: members + 1)
        } catch {
            Report.say("SKIPPED: faults of the network; \(error)")
            return nil
        }
    }
}
