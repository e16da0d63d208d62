import ArgumentParser
import Foundation
import JOSE

struct Failover: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Kills the leader again and again; how long until the next change is acknowledged?")

    @OptionGroup var common: CommonOptions
    @Option(help: "How often.") var times = 50
    @Option(help: "Tokens that are revoked before.") var revocations = 0
    private static let idsPerRequest = 100_000
    /// Longer than this is no failover.
    private static let patience: UInt64 = 60_000_000_000

    func run() throws {
        try common.require(times > 0, "--times must be at least 1")
        try common.require((0...10_000_000).contains(revocations), "--revocations must be 0 to 10000000")
        try common.withFleet { fleet in
            try load(fleet)
            var seconds: [Double] = []
            let all = Array(fleet.names.indices)
            for round in 0..<times {
                guard let leader = fleet.leader(askedOf: all) else { throw ChaosError(description: "nobody leads") }
                let survivor = fleet.client(all.first { $0 != leader } ?? 0)
                fleet.end(leader, by: SIGKILL)
                let killed = Clock.now()
                var number = 0
                while true {
                    number += 1
                    let body: JSON = ["token_id": .string("failover-\(round)-\(number)"), "wait": "committed"]
                    let reply = survivor.call("POST", "/1.0/revocations", body, seconds: 5)
                    if let reply, reply.status < 300 { break }
                    guard Clock.now() - killed < Self.patience else {
                        let seconds = Self.patience / 1_000_000_000
                        throw ChaosError(description: "nothing was acknowledged within \(seconds) s of killing \(fleet.names[leader])")
                    }
                    Clock.pause(seconds: 0.005)
                }
                seconds.append(Double(Clock.now() - killed) / 1e9)
                try fleet.start(leader)
                try fleet.awaitReady(leader)
                let deadline = Clock.now() + 20_000_000_000
                while fleet.voters(askedOf: leader) < min(common.members, 3), Clock.now() < deadline { Clock.pause(seconds: 0.05) }
            }
            seconds.sort()
            let milliseconds = seconds.map { "\(Int($0 * 1000)) ms" }
            Report.show([
                ("revocations held", "\(revocations)"), ("failovers", "\(times)"), ("median", milliseconds[times / 2]), ("p99", milliseconds[min(times - 1, times * 99 / 100)]),
                ("longest", milliseconds[times - 1]),
            ], asJSON: common.json)
            return true
        }
    }

    /// On every member when this returns.
    private func load(_ fleet: Fleet) throws {
        var left = revocations
        while left > 0 {
            let count = min(left, Self.idsPerRequest)
            let ids = (0..<count).map { _ in JSON.string(Base64URL.encode((0..<16).map { _ in UInt8.random(in: 0...255) })) }
            let reply = fleet.client(0).call("POST", "/1.0/revocations", ["token_ids": .array(ids), "wait": "committed"], seconds: 300)
            guard let reply, reply.status < 300 else { throw ChaosError(description: "not revoked: \(reply?.error ?? "no answer")") }
            left -= count
            Report.say("\(revocations - left) tokens are revoked")
        }
        try fleet.awaitEqualIndexes()
    }
}
