import ArgumentParser
import Foundation
import JOSE

struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stops a member for longer than max_staleness while a token is revoked everywhere; what does it say when it wakes?")

    @OptionGroup var common: CommonOptions
    @Option(help: "How often.") var times = 5

    func run() throws {
        try common.require(times > 0, "--times must be at least 1")
        try common.withFleet { fleet in
            var answers: [String: Int] = [:]
            for round in 0..<times {
                let slot = round % common.members, other = fleet.client((slot + 1) % common.members)
                let body: JSON = ["subject": "alice", "scopes": ["read"], "expires_in": 3600]
                guard let made = other.call("POST", "/1.0/tokens", body, seconds: 5)?.metadata,
                    let id = made["id"]?.stringValue, let token = made["token"]?.stringValue
                else { throw ChaosError(description: "nothing minted") }
                let question: JSON = ["token": .string(token)]
                let sleeper = fleet.client(slot)
                guard sleeper.call("POST", "/1.0/tokens/verify", question, seconds: 5)?.metadata["valid"]?.boolValue == true
                else { throw ChaosError(description: "\(fleet.names[slot]) does not accept a good token") }
                fleet.signal(slot, SIGSTOP)
                let revoked = other.call(
                    "POST", "/1.0/revocations", ["token_id": .string(id), "wait": "everywhere"], seconds: 15)
                guard revoked?.metadata["effective_everywhere"]?.boolValue == true else {
                    throw ChaosError(description: "not revoked everywhere: \(revoked?.body ?? "no answer")")
                }
                fleet.signal(slot, SIGCONT)
                for _ in 0..<20 {
                    let verdict = sleeper.call("POST", "/1.0/tokens/verify", question, seconds: 5)?.metadata
                    let isAccepted = verdict?["valid"]?.boolValue == true
                    answers[isAccepted ? "accepted" : verdict?["reason"]?.stringValue ?? "no answer", default: 0] += 1
                }
                try fleet.awaitReady(slot)
            }
            let text = answers.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            Report.show([("pauses", "\(times)"), ("answers on waking", text)], asJSON: common.json)
            return answers["accepted"] == nil && answers["no answer"] == nil
        }
    }
}
