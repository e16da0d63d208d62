import Foundation
import HistoryChecker

/// What a run came to: its history judged, and what its processes, logs and files show.
struct Verdict {
    let history: HistoryJudgement
    var processes = ProcessFindings()

    var isSafe: Bool { history.isSafe && processes.isGood }
    var isGood: Bool { history.isGood && processes.isGood }

    var rows: [(String, String)] {
        HistoryReport.rows(history) + processes.rows
            + [("verdict", isGood ? "good" : isSafe ? "safe, but healthy members refused good tokens or did not answer" : "BAD")]
    }
}

/// What is not in the history.
struct ProcessFindings {
    var stateRows = 0
    var stateDifferences: [String] = []
    var unexpectedExits: [String] = []
    var trapLines: [String] = []

    var isGood: Bool { stateDifferences.isEmpty && unexpectedExits.isEmpty && trapLines.isEmpty }

    private static let traps = ["Fatal error", "Program crashed", "Precondition failed", "Sanitizer", "contradicts itself"]

    init() {}

    /// Ends all members.
    init(_ fleet: Fleet) throws {
        let comparison = try fleet.compareStateFiles()
        stateRows = comparison.rows
        stateDifferences = comparison.differences
        unexpectedExits = fleet.unexpectedExits
        for slot in fleet.names.indices {
            let text = (try? String(contentsOfFile: fleet.log(slot), encoding: .utf8)) ?? ""
            trapLines += text.split(separator: "\n").filter { line in Self.traps.contains { line.contains($0) } }.map(String.init)
        }
    }

    var examples: [String] { [stateDifferences, unexpectedExits, trapLines].flatMap { $0.prefix(5) } }

    var rows: [(String, String)] {
        [
            ("state files", "\(stateRows) rows each, \(stateDifferences.count) differences"),
            ("members that ended by themselves", "\(unexpectedExits.count)"), ("traps in logs", "\(trapLines.count)"),
        ]
    }
}

/// A judgement for people.
enum HistoryReport {
    static func rows(_ history: HistoryJudgement) -> [(String, String)] {
        let kinds = history.faults.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let verifications = history.verifications, ages = verifications.ages, durability = history.durability
        let staleness = verifications.staleness
        let bound = "\(Double(staleness.bound / 1_000_000) / 1000) s", grace = "\(history.grace / 1_000_000) ms"
        return [
            ("operations", "\(history.operations)"),
            ("faults", "\(history.faults.values.reduce(0, +)): \(kinds.joined(separator: ", "))"),
            ("revocations acknowledged", "\(history.revocationsAcknowledged)"),
            ("longest write outage", "\(Double(history.longestWriteOutage / 10_000_000) / 100) s"),
            ("linearizable", "\(history.linearizable) (\(history.namedTokens) named tokens)"),
            ("index order holds", "\(history.indexOrderHolds) (\(history.changesOrdered) revocations)"),
            ("missing from linearizable lists", "\(history.missingFromTails) (\(history.tailReads) lists)"),
            ("verifications", "\(verifications.count)"),
            ("of tokens revoked < 1 s ago", "\(ages.underOneSecond)"), ("of tokens revoked 1 to 10 s ago", "\(ages.oneToTenSeconds)"),
            ("of tokens revoked > 10 s ago", "\(ages.overTenSeconds)"), ("of these past \(bound)", "\(ages.pastBound)"),
            ("acceptances past \(bound)", "\(staleness.acceptancesPastBound)"),
            ("acceptances after everywhere", "\(staleness.acceptancesAfterEverywhere)"),
            ("acceptances by a state that has the revocation", "\(verifications.acceptancesDespiteIndex)"),
            ("last acceptance after an acknowledgement", "\(staleness.longest / 1_000_000) ms"),
            ("grace after a recovery", grace), ("unanswered, by anybody", "\(verifications.unanswered)"),
            ("unanswered, by healthy members", "\(verifications.unansweredByHealthy.count)"),
            ("good tokens refused by healthy members", "\(verifications.goodRefusedByHealthy.count)"),
            ("revocations lost", "\(durability.revocationsLost) (of \(durability.revocationsChecked), on every member)"),
            ("named tokens lost or risen", "\(durability.tokensWrong) (of \(durability.tokensChecked), on every member)"),
            ("members not read at the end", "\(durability.membersUnread.count)"),
            ("members whose lists differ", "\(durability.membersThatDiffer.count)"),
            ("revoked tokens not refused at the end", "\(verifications.wrongAtTheEnd.count)"),
        ]
    }

    /// The first few of each kind, to look for in the logs.
    static func examples(_ history: HistoryJudgement) -> [String] {
        let found = [
            ("did not answer", history.verifications.unansweredByHealthy),
            ("refused a good token", history.verifications.goodRefusedByHealthy),
            ("did not refuse a revoked token at the end", history.verifications.wrongAtTheEnd),
        ]
        return found.flatMap { what, failures in
            failures.prefix(5).map { "m\($0.member + 1) \(what), asked at \($0.asked): \($0.answer)" }
        }
    }
}
