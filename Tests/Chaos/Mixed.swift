import ArgumentParser
import Foundation

struct Mixed: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All kinds of faults under load, at random from a seed.")

    @OptionGroup var common: CommonOptions
    @Option(help: "How long faults are injected.") var minutes = 1.0
    @Option(parsing: .upToNextOption, help: "Only these kinds of faults.") var faults: [FaultKind] = FaultKind.allCases
    @Option(help: "Clients for each member.") var clients = 4
    @Flag(help: "Good tokens that were refused do not count: on a busy machine they are a matter of time.") var safetyOnly = false

    private func kinds(hasNetwork: Bool) -> [FaultKind] {
        faults.filter { kind in
            let obstacle = kind.obstacle(
                hasNetwork: hasNetwork, isRoot: getuid() == 0, hasFakeTime: FileManager.default.fileExists(atPath: Fleet.fakeTime))
            if let obstacle { common.say("SKIPPED: \(kind.rawValue): \(obstacle)") }
            return obstacle == nil
        }
    }

    func run() throws {
        let smallDisk = faults.contains(.disk) && getuid() == 0 ? common.members - 1 : nil
        try common.withFleet(smallDisk: smallDisk) { fleet in
            let kinds = kinds(hasNetwork: fleet.network != nil)
            let record = Record(path: "\(fleet.directory)/history.jsonl"), trouble = Trouble(), stop = StopFlag()
            let threads = (0..<clients * common.members).map { process in
                let client = Client(process: process, seed: common.seed, fleet: fleet, record: record, stop: stop) {
                    !trouble.hasFakeClock($0)
                }
                return Threads.start { client.run() }
            }
            Clock.pause(seconds: 2)
            var injector = FaultInjector(
                fleet: fleet, trouble: trouble, kinds: kinds, smallDisk: smallDisk, seed: common.seed, say: common.say)
            let end = Clock.now() + UInt64(minutes * 60e9)
            var pauses = Randomness(seed: common.seed ^ 0xff)
            while Clock.now() < end, !kinds.isEmpty {
                try injector.injectOne()
                Clock.pause(seconds: pauses.between(0.5, 3))
            }
            try injector.healAll()
            Clock.pause(seconds: 3)
            stop.set()
            for thread in threads { thread.wait() }

            var verdict = Verdict(record, trouble, faults: injector.counts)
            verdict.checkDurability(record, fleet)
            verdict.readLogs(fleet)
            common.show(verdict.rows)
            for failure in verdict.failuresOnConnected.prefix(5) {
                common.say("\(fleet.names[failure.member]) refused a good token at \(failure.asked): \(failure.reason)")
            }
            for exit in verdict.unexpectedExits { common.say(exit) }
            if !verdict.isGood { common.say("again: cluster/chaos --seed \(common.seed) --minutes \(minutes)") }
            return safetyOnly ? verdict.isSafe : verdict.isGood
        }
    }
}
