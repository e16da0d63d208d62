import ArgumentParser
import Foundation
import HistoryChecker

struct Mixed: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All kinds of faults under load, at random from a seed.")

    @OptionGroup var common: CommonOptions
    @Option(help: "How long faults are injected.") var minutes = 1.0
    @Option(parsing: .upToNextOption, help: "Only these kinds of faults, with commas or spaces between.")
    var faults = [FaultList(FaultKind.allCases)]
    @Option(help: "Clients for each member.") var clients = 4
    private static let certificateVictims = 60
    private static let keyVictims = 24

    @Flag(help: "Good tokens refused and questions unanswered do not count: on a busy machine they are a matter of time.")
    var safetyOnly = false

    /// In one order whatever was typed: the seed draws from it.
    private var wanted: [FaultKind] { FaultKind.allCases.filter { kind in faults.contains { $0.kinds.contains(kind) } } }

    private var replay: String {
        "cluster/chaos --members \(common.members) --clients \(clients) --minutes \(minutes) --seed \(common.seed) --faults "
            + FaultList(wanted).text + (safetyOnly ? " --safety-only" : "")
    }

    private func kinds(hasNetwork: Bool, hasSmallDisk: Bool) -> [FaultKind] {
        wanted.filter { kind in
            let obstacle = kind.obstacle(
                hasNetwork: hasNetwork, hasSmallDisk: hasSmallDisk, hasFakeTime: FileManager.default.fileExists(atPath: Fleet.fakeTime))
            if let obstacle { Report.say("SKIPPED: \(kind.rawValue): \(obstacle)") }
            return obstacle == nil
        }
    }

    func run() throws {
        try common.require(clients > 0, "--clients must be at least 1")
        try common.require(minutes >= 0 && minutes <= 10_000, "--minutes must be between 0 and 10000")
        let smallDisk = wanted.contains(.disk) && getuid() == 0 ? common.members - 1 : nil
        try common.withFleet(smallDisk: smallDisk) { fleet in
            let record = Record(path: "\(fleet.directory)/history.jsonl")
            for victim in try CertificateVictims.trusted(Self.certificateVictims, by: fleet) { record.minted(victim, isSteady: false) }
            for victim in try KeyVictims.made(Self.keyVictims, by: fleet) { record.minted(victim, isSteady: false) }
            let kinds = kinds(hasNetwork: fleet.network != nil, hasSmallDisk: smallDisk != nil)
            try torment(fleet, record, kinds, smallDisk)
            try fleet.awaitEqualIndexes()
            FinalReading(record: record, sockets: fleet.sockets).run()
            let verdict = Verdict(history: HistoryJudgement(record.history), processes: try ProcessFindings(fleet))
            Report.show(kindRows(record) + verdict.rows, asJSON: common.json)
            let examples = HistoryReport.examples(verdict.history)
            for line in examples + verdict.processes.examples { Report.say(line) }
            if !verdict.isGood { Report.say("again: \(replay)") }
            return safetyOnly ? verdict.isSafe : verdict.isGood
        }
    }

    /// How many were revoked by what, and of these everywhere.
    private func kindRows(_ record: Record) -> [(String, String)] {
        TrackedToken.Kind.allCases.filter { $0 != .everything }.map { kind in
            let own = record.revoked.filter { $0.token.kind == kind }
            return ("revoked by \(kind.rawValue)", "\(own.count), \(own.count(where: \.isEverywhere)) of them everywhere")
        }
    }

    /// Faults, one after the other, while clients work. Returns when all has healed and the clients have stopped.
    private func torment(_ fleet: Fleet, _ record: Record, _ kinds: [FaultKind], _ smallDisk: Int?) throws {
        let trouble = Trouble(record), stop = StopFlag(), sockets = fleet.sockets, seed = common.seed
        let threads = (0..<clients * common.members).map { process in
            Threads.start {
                var client = Client(process: process, seed: seed, sockets: sockets, record: record, stop: stop) {
                    !trouble.hasFakeClock($0)
                }
                client.run()
            }
        }
        defer {
            stop.set()
            for thread in threads { thread.wait() }
        }
        Clock.pause(seconds: 2)
        var injector = FaultInjector(fleet: fleet, trouble: trouble, kinds: kinds, smallDisk: smallDisk, seed: seed)
        let end = Clock.now() + UInt64(minutes * 60e9)
        var pauses = Randomness(seed: seed ^ 0xff)
        while Clock.now() < end, !kinds.isEmpty {
            try injector.injectOne()
            Clock.pause(seconds: pauses.between(0.5, 3))
        }
        try injector.healAll()
        Report.say("members had recovered \(trouble.slowestRecovery / 1_000_000) ms after a fault was undone, at the longest")
        Clock.pause(seconds: 3)
    }
}
