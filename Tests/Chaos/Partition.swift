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
            let body: JSON = ["subject": "alice", "scopes": ["read"], "expires_in": 3600, "algorithm": "ES256"]
            guard let token = client.call("POST", "/1.0/tokens", body, seconds: 5)?.metadata["token"]?.stringValue
            else { throw ChaosError(description: "nothing minted") }
            let question: JSON = ["token": .string(token)]
            let other = all.first { $0 != slot && $0 != leader } ?? leader
            let victims = try self.victims(client, fleet)

            for peer in all where peer != slot {
                try network.cut(from: slot, to: peer)
                try network.cut(from: peer, to: slot)
            }
            let cut = Clock.now()
            let (everywhere, socket) = (Gathered<TrackedToken>(), fleet.sockets[other])
            let revokers = victims.map { victim in
                Threads.start {
                    let body = victim.revocation(wait: "everywhere", now: Int64(Date().timeIntervalSince1970))
                    let reply = UnixHTTPClient(socket: socket).call("POST", "/1.0/revocations", body, seconds: 15)
                    if reply?.metadata["effective_everywhere"]?.boolValue == true { everywhere.add(victim) }
                }
            }
            var questionsAfter = 0, acceptancesAfter = 0
            func askAboutRevoked() {
                for victim in everywhere.all {
                    questionsAfter += 1
                    if client.verdict(on: victim) == "accepted" { acceptancesAfter += 1 }
                }
            }
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
                askAboutRevoked()
                Clock.pause(seconds: 0.02)
            }
            for revoker in revokers { revoker.wait() }
            let ready = client.call("GET", "/readyz", seconds: 2)
            let healed = Clock.now()
            for member in all { try network.heal(member) }
            askAboutRevoked()
            try fleet.awaitReady(slot)
            askAboutRevoked()
            let back = Double(Clock.now() - healed) / 1e9
            let vouchedFor = Double(vouched - cut) / 1e9
            Report.show([
                ("vouched after the cut for", "\((vouchedFor * 100).rounded() / 100) s"), ("then refused with", reason),
                ("/readyz", "\(ready?.status ?? 0) \(ready?.body.prefix(160) ?? "")"),
                ("ready after healing", "\(Int(back * 1000)) ms"),
                ("revoked meanwhile, everywhere", "\(everywhere.all.count) of \(victims.count): by token, subject, certificate, key"),
                ("accepted by it after that", "\(acceptancesAfter) of \(questionsAfter)"),
            ], asJSON: common.json)
            return everywhere.all.count == victims.count && acceptancesAfter == 0 && reason == "member_stale" && vouchedFor < 5.0 && ready?.status == 503
        }
    }

    /// One of each kind, known to every member.
    private func victims(_ client: UnixHTTPClient, _ fleet: Fleet) throws -> [TrackedToken] {
        let byID = client.mint()
        let body: JSON = ["subject": "cut off", "scopes": ["read"], "expires_in": 3600]
        guard let made = client.call("POST", "/1.0/tokens", body, seconds: 5)?.metadata.token else { throw ChaosError(description: "nothing minted") }
        return [byID, TrackedToken(kind: .subject, id: "cut off", text: made.text)] + (try CertificateVictims.trusted(1, by: fleet)) + (try KeyVictims.made(1, by: fleet))
    }
}
