import ArgumentParser
import Foundation
import JOSE

struct Snapshot: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fills the cluster with revocations, then has a member join by snapshot while changes go on and both sides are killed.")

    @OptionGroup var common: CommonOptions
    @Option(help: "How many revocations.") var revocations = 1_000_000
    @Option(help: "Clients for each member while filling.") var clients = 40

    func run() throws {
        try common.withFleet { fleet in
            let all = Array(fleet.names.indices)
            let began = Clock.now()
            fill(fleet, all)
            let filled = Double(Clock.now() - began) / 1e9
            common.say("\(revocations) revocations in \(Int(filled)) s (\(Int(Double(revocations) / filled)) a second)")

            let stop = StopFlag(), written = Counter()
            let writer = Threads.start {
                let client = fleet.client(0)
                while !stop.isSet {
                    let body: JSON = ["token_id": .string("during-\(written.next())"), "wait": "committed"]
                    if client.call("POST", "/1.0/revocations", body, seconds: 2).map({ $0.status < 300 }) == true { written.note() }
                    Clock.pause(seconds: 0.01)
                }
            }
            defer {
                stop.set()
                writer.wait()
            }
            let joined = Clock.now()
            let slot = try beginJoin(fleet)
            try awaitPercent(20, fleet, slot)
            common.say("kill -9 of the joiner at \(percent(fleet, slot)) %")
            fleet.end(slot, by: SIGKILL)
            try fleet.start(slot)
            try awaitPercent(60, fleet, slot)
            if let leader = fleet.leader(askedOf: all) {
                common.say("kill -9 of the leader at \(percent(fleet, slot)) %")
                fleet.end(leader, by: SIGKILL)
                Clock.pause(seconds: 2)
                try fleet.start(leader)
                try fleet.awaitReady(leader, seconds: 600)
            }
            try fleet.awaitReady(slot, seconds: 600)
            let took = Double(Clock.now() - joined) / 1e9
            let agreed = try answersAgree(fleet, slot)
            let log = (try? String(contentsOfFile: fleet.log(slot), encoding: .utf8)) ?? ""
            let progress = log.split(separator: "\n").filter { $0.contains("receiving a snapshot") }
            common.show([
                ("revocations", "\(revocations)"), ("filled in", "\(Int(filled)) s"), ("join by snapshot took", "\(Int(took)) s"),
                ("lines of progress", "\(progress.count)"), ("changes acknowledged meanwhile", "\(written.noted)"),
                ("answers equal", "\(agreed)"),
                ("state file", "\((try? FileManager.default.attributesOfItem(atPath: "\(fleet.data(slot))/state.db")[.size] as? Int) ?? 0) bytes"),
            ])
            return agreed
        }
    }

    private func fill(_ fleet: Fleet, _ all: [Int]) {
        let counter = Counter()
        let threads = (0..<clients * all.count).map { number in
            Threads.start {
                let client = fleet.client(all[number % all.count])
                while true {
                    let next = counter.next()
                    guard next < revocations else { return }
                    let body: JSON = ["token_id": .string("bulk-token-\(next)"), "wait": "committed"]
                    while client.call("POST", "/1.0/revocations", body, seconds: 10).map({ $0.status < 300 }) != true {
                        Clock.pause(seconds: 0.05)
                    }
                    if next % 100_000 == 0 { FileHandle.standardError.write(Data("\(next) revocations\n".utf8)) }
                }
            }
        }
        for thread in threads { thread.wait() }
    }

    private func beginJoin(_ fleet: Fleet) throws -> Int {
        let slot = fleet.names.count
        try fleet.addWithoutWaiting()
        return slot
    }

    /// As the joiner's own terminal said last.
    private func percent(_ fleet: Fleet, _ slot: Int) -> Int {
        let log = (try? String(contentsOfFile: fleet.log(slot), encoding: .utf8)) ?? ""
        let line = log.split(separator: "\n").last { $0.contains("receiving a snapshot: ") }
        return line?.components(separatedBy: "receiving a snapshot: ").last?.split(separator: " ").first.flatMap { Int($0) } ?? 0
    }

    private func awaitPercent(_ wanted: Int, _ fleet: Fleet, _ slot: Int) throws {
        let deadline = Clock.now() + 300_000_000_000
        while percent(fleet, slot) < wanted, !fleet.isReady(slot) {
            guard Clock.now() < deadline else { throw ChaosError(description: "no progress; see \(fleet.log(slot))") }
            Clock.pause(seconds: 0.02)
        }
    }

    private func answersAgree(_ fleet: Fleet, _ slot: Int) throws -> Bool {
        var counts: [Int] = []
        for member in [0, slot] {
            let status = fleet.client(member).call("GET", "/1.0/revocations?limit=1", seconds: 30)
            guard let status, status.status == 200 else { throw ChaosError(description: "no list from \(fleet.names[member])") }
            counts.append(status.body.count)
        }
        let good = fleet.client(0).call(
            "POST", "/1.0/tokens", ["subject": "late", "scopes": ["read"], "expires_in": 600], seconds: 5)?.metadata
        guard let id = good?["id"]?.stringValue, let token = good?["token"]?.stringValue else { return false }
        let question: JSON = ["token": .string(token)]
        let before = fleet.client(slot).call("POST", "/1.0/tokens/verify", question, seconds: 5)?.metadata["valid"]?.boolValue
        let revoked = fleet.client(slot).call(
            "POST", "/1.0/revocations", ["token_id": .string(id), "wait": "everywhere"], seconds: 10)
        let after = fleet.names.indices.allSatisfy { member in
            fleet.client(member).call("POST", "/1.0/tokens/verify", question, seconds: 5)?.metadata["reason"] == "token_revoked"
        }
        return before == true && revoked?.status ?? 500 < 300 && after
    }
}

/// Numbers handed out to many threads.
final class Counter: @unchecked Sendable {  // every access holds `lock`
    private let lock = NSLock()
    private var value = 0
    private var notes = 0

    func next() -> Int {
        lock.withLock {
            defer { value += 1 }
            return value
        }
    }

    func note() { lock.withLock { notes += 1 } }
    var noted: Int { lock.withLock { notes } }
}
