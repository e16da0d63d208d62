import ArgumentParser
import Foundation
import HistoryChecker
import JOSE

struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stops a member for longer than max_staleness while a token is revoked everywhere; what does it say when it wakes?")

    @OptionGroup var common: CommonOptions
    @Option(help: "How often.") var times = 5

    func run() throws {
        try common.require(times > 0, "--times must be at least 1")
        try common.withFleet { fleet in
            let prepared = try CertificateVictims.trusted((times + 3) / 4, by: fleet) + KeyVictims.made((times + 3) / 4, by: fleet)
            var waiting = Dictionary(grouping: prepared, by: \.kind)
            var answers: [String: Int] = [:], afterwards: [String: Int] = [:]
            for round in 0..<times {
                let slot = round % common.members, other = fleet.client((slot + 1) % common.members)
                let token = try victim(round, other, &waiting)
                let question: JSON = ["token": .string(token.text)]
                let sleeper = fleet.client(slot)
                guard sleeper.call("POST", "/1.0/tokens/verify", question, seconds: 5)?.metadata["valid"]?.boolValue == true
                else { throw ChaosError(description: "\(fleet.names[slot]) does not accept a good token") }
                fleet.signal(slot, SIGSTOP)
                let now = Int64(Date().timeIntervalSince1970)
                let revoked = other.call("POST", "/1.0/revocations", token.revocation(wait: "everywhere", now: now), seconds: 15)
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
                afterwards[sleeper.verdict(on: token), default: 0] += 1
            }
            Report.show(
                [("pauses", "\(times)"), ("answers on waking", Self.text(answers)), ("answers when ready again", Self.text(afterwards))], asJSON: common.json)
            return answers["accepted"] == nil && answers["no answer"] == nil
                && afterwards.keys.allSatisfy(VerificationFindings.revokedReasons.contains)
        }
    }

    private static func text(_ answers: [String: Int]) -> String {
        answers.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    /// Each kind of revocation in its turn. What revokes everything comes last: nothing from before is good then.
    private func victim(
        _ round: Int, _ client: UnixHTTPClient, _ waiting: inout [TrackedToken.Kind: [TrackedToken]]
    ) throws -> TrackedToken {
        let kinds = TrackedToken.Kind.allCases.filter { $0 != .everything }
        let kind = round == times - 1 ? .everything : kinds[round % kinds.count]
        switch kind {
        case .certificate, .key:
            guard let token = waiting[kind]?.popLast() else { throw ChaosError(description: "too few victims were made") }
            return token
        case .token, .subject, .everything:
            let subject = "subject-\(round)"
            let body: JSON = ["subject": .string(subject), "scopes": ["read"], "expires_in": 3600, "algorithm": "ES256"]
            guard let made = client.call("POST", "/1.0/tokens", body, seconds: 5)?.metadata.token else { throw ChaosError(description: "nothing minted") }
            return kind == .token ? made : TrackedToken(kind: kind, id: subject, text: made.text)
        }
    }
}
