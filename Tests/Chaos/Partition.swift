import ArgumentParser
import Foundation
import JOSE

struct Partition: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cuts a member off with its clients: how long does it vouch, what does it say then, how soon is it back?")

    @OptionGroup var common: CommonOptions

    func run() throws {
        try common.withFleet { fleet in
            guard let network = fleet.network else {
                throw ChaosError(description: "nobody can be cut off without a network of our own, which needs root")
            }
            let all = Array(fleet.names.indices)
            let leader = fleet.leader(askedOf: all) ?? 0
            let slot = all.first { $0 != leader } ?? 0
            let client = fleet.client(slot)
            let body: JSON = ["subject": "alice", "scopes": ["read"], "expires_in": 3600]
            guard let token = client.call("POST", "/1.0/tokens", body, seconds: 5)?.metadata["token"]?.stringValue
            else { throw ChaosError(description: "nothing minted") }
            let question: JSON = ["token": .string(token)]

            for other in all where other != slot {
                try network.cut(from: slot, to: other)
                try network.cut(from: other, to: slot)
            }
            let cut = Clock.now()
            var vouched = cut, refusals = 0, reason = ""
            while Clock.now() - cut < 8_000_000_000 {
                let asked = Clock.now()
                let verdict = client.call("POST", "/1.0/tokens/verify", question, seconds: 2)?.metadata
                if verdict?["valid"]?.boolValue == true {
                    vouched = asked
                    if refusals > 0 { reason = "vouched again after it had refused" }
                } else {
                    refusals += 1
                    reason = verdict?["reason"]?.stringValue ?? "no answer"
                }
                Clock.pause(seconds: 0.02)
            }
            let ready = client.call("GET", "/readyz", seconds: 2)
            let healed = Clock.now()
            for member in all { try network.heal(member) }
            try fleet.awaitReady(slot)
            let back = Double(Clock.now() - healed) / 1e9
            let vouchedFor = Double(vouched - cut) / 1e9
            Report.show([
                ("vouched after the cut for", "\((vouchedFor * 100).rounded() / 100) s"), ("then refused with", reason),
                ("/readyz", "\(ready?.status ?? 0) \(ready?.body.prefix(160) ?? "")"),
                ("ready after healing", "\(Int(back * 1000)) ms"),
            ], asJSON: common.json)
            return reason == "member_stale" && vouchedFor < 5.0 && ready?.status == 503
        }
    }
}
