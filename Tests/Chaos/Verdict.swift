import Foundation
import HistoryChecker
import JOSE

/// What a run came to, by the checks of docs/consensus.md §14.
struct Verdict {
    var operations = 0
    var faults: [FaultKind: Int] = [:]
    var verifications = 0
    var revocations = 0
    var longestWriteOutageSeconds = 0.0
    var linearizable = Linearizability.linearizable
    var keys = 0
    var indexOrderHolds = true
    var staleness = Staleness(bound: 5_000_000_000)
    var failuresOnConnected: [Record.Failure] = []
    var lostRevocations = 0
    var differingAnswers = 0
    var trapLines: [String] = []
    var unexpectedExits: [String] = []

    /// What must hold however slow the machine is.
    var isSafe: Bool {
        linearizable == .linearizable && indexOrderHolds && staleness.acceptancesAfterEverywhere == 0
            && staleness.acceptancesPastBound == 0 && lostRevocations == 0 && differingAnswers == 0 && trapLines.isEmpty
            && unexpectedExits.isEmpty
    }

    /// On a machine that has time for its members, nobody who was left alone refuses a good token either.
    var isGood: Bool { isSafe && failuresOnConnected.isEmpty }

    init(_ record: Record, _ trouble: Trouble, faults: [FaultKind: Int]) {
        self.faults = faults
        operations = record.operations
        verifications = record.verifications
        revocations = record.revoked.count
        let moments = record.revoked.map(\.acknowledged).sorted()
        for (earlier, later) in zip(moments, moments.dropFirst()) {
            longestWriteOutageSeconds = max(longestWriteOutageSeconds, Double(later - earlier) / 1e9)
        }
        keys = record.named.count
        for history in record.named.values {
            let judged = Linearizability.judge(history, as: NamedTokenModel())
            if judged != .linearizable { linearizable = judged }
        }
        indexOrderHolds = IndexOrder.violation(in: record.changes) == nil
        let revoked = Dictionary(record.revoked.map { ($0.token.id, $0) }) { first, _ in first }
        for acceptance in record.acceptances {
            guard let revocation = revoked[acceptance.token] else { continue }
            staleness.accepted(
                askedAt: acceptance.asked,
                Staleness.Revocation(acknowledged: revocation.acknowledged, isEverywhere: revocation.isEverywhere))
        }
        failuresOnConnected = record.failures.filter { !trouble.touched($0.member, from: $0.asked, to: $0.answered) }
    }

    /// After all has healed: every acknowledged revocation holds on every member.
    mutating func checkDurability(_ record: Record, _ fleet: Fleet) {
        let sample = record.revoked.suffix(3_000)
        for slot in fleet.names.indices {
            let client = fleet.client(slot)
            for revocation in sample {
                let reply = client.call("POST", "/1.0/tokens/verify", ["token": .string(revocation.token.text)], seconds: 5)
                let reason = reply?.metadata["reason"]?.stringValue
                if reply?.metadata["valid"]?.boolValue == true { lostRevocations += 1 }
                if reason != "token_revoked" { differingAnswers += 1 }
            }
        }
    }

    mutating func readLogs(_ fleet: Fleet) {
        for slot in fleet.names.indices { fleet.noteUnexpectedExit(of: slot) }
        unexpectedExits = fleet.unexpectedExits
        for slot in fleet.names.indices {
            let text = (try? String(contentsOfFile: fleet.log(slot), encoding: .utf8)) ?? ""
            trapLines += text.split(separator: "\n").filter { line in
                ["Fatal error", "Program crashed", "Precondition failed", "Sanitizer", "contradicts itself"].contains { line.contains($0) }
            }.map(String.init)
        }
    }

    var rows: [(String, String)] {
        let kinds = faults.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
        return [
            ("operations", "\(operations)"), ("faults", "\(faults.values.reduce(0, +)): \(kinds.joined(separator: ", "))"),
            ("revocations acknowledged", "\(revocations)"), ("verifications", "\(verifications)"),
            ("longest write outage", "\((longestWriteOutageSeconds * 100).rounded() / 100) s"),
            ("linearizable", "\(linearizable) (\(keys) named tokens)"), ("index order holds", "\(indexOrderHolds)"),
            ("acceptances after everywhere", "\(staleness.acceptancesAfterEverywhere)"),
            ("acceptances past 5 s", "\(staleness.acceptancesPastBound)"),
            ("last acceptance after an acknowledgement", "\(staleness.longest / 1_000_000) ms"),
            ("good tokens refused by connected members", "\(failuresOnConnected.count)"),
            ("revocations lost", "\(lostRevocations)"), ("answers that differ at the end", "\(differingAnswers)"),
            ("members that ended by themselves", "\(unexpectedExits.count)"),
            ("traps in logs", "\(trapLines.count)"), ("verdict", isGood ? "good" : isSafe ? "safe, but good tokens were refused" : "BAD"),
        ]
    }

    var json: JSON { .object(JSONObject(rows.map { ($0.0, .string($0.1)) })) }
}
