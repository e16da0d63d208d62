/// What members said about tokens, against what they may say (docs/testing.md, "What cluster/chaos checks").
package struct VerificationFindings: Sendable {
    package struct Failure: Equatable, Sendable {
        package let member: Int
        package let asked: UInt64
        package let answer: String
    }

    /// Questions about revoked tokens during the run, by how long before the question the revocation had been acknowledged.
    package struct Ages: Equatable, Sendable {
        package private(set) var underOneSecond = 0, oneToTenSeconds = 0, overTenSeconds = 0
        package private(set) var pastBound = 0

        mutating func add(_ age: UInt64, bound: UInt64) {
            switch age {
            case ..<1_000_000_000: underOneSecond += 1
            case ..<10_000_000_000: oneToTenSeconds += 1
            default: overTenSeconds += 1
            }
            if age > bound { pastBound += 1 }
        }
    }

    package static let accepted = "accepted"
    /// As `input` of what is asked when all has healed.
    package static let atTheEnd = "at the end"
    /// By a token's id, its subject, or its certificate.
    package static let revokedReasons: Set = ["token_revoked", "subject_revoked", "certificate_revoked", "key_retired"]

    package private(set) var count = 0
    package private(set) var ages = Ages()
    package private(set) var staleness: Staleness
    /// Acceptances by a state that holds the revocation, by its index.
    package private(set) var acceptancesDespiteIndex = 0
    /// No answer, or one that is no verdict, from whomever.
    package private(set) var unanswered = 0
    package private(set) var unansweredByHealthy: [Failure] = []
    package private(set) var goodRefusedByHealthy: [Failure] = []
    /// Revoked tokens that were not refused as such when all had healed.
    package private(set) var wrongAtTheEnd: [Failure] = []

    init(_ calls: [HistoryEvent], revocations: [String: RevocationHistory], spans: FaultSpans, bound: UInt64) {
        staleness = Staleness(bound: bound)
        for call in calls where call.function == .verify {
            guard let member = call.member else { continue }
            count += 1
            let isHealthy = spans.leftAlone(member, from: call.invoked, through: call.returned ?? .max)
            let failure = Failure(member: member, asked: call.invoked, answer: call.output.isEmpty ? "no answer" : call.output)
            let revocation = revocations[call.key]
            if call.input == Self.atTheEnd, !Self.revokedReasons.contains(call.output) { wrongAtTheEnd.append(failure) }
            guard call.kind == .ok, let answered = call.returned else {
                unanswered += 1
                if isHealthy { unansweredByHealthy.append(failure) }
                continue
            }
            if let revocation, answered >= revocation.firstAsked {
                judge(call, revocation)
            } else if call.output != Self.accepted, isHealthy {
                goodRefusedByHealthy.append(failure)
            }
        }
    }

    private mutating func judge(_ call: HistoryEvent, _ revocation: RevocationHistory) {
        guard let acknowledged = revocation.acknowledged else { return }
        if call.invoked > acknowledged, call.input != Self.atTheEnd { ages.add(call.invoked - acknowledged, bound: staleness.bound) }
        guard call.output == Self.accepted else { return }
        staleness.accepted(
            askedAt: call.invoked, Staleness.Revocation(acknowledged: acknowledged, isEverywhere: revocation.isEverywhere))
        if let seen = call.index, let index = revocation.index, seen >= index { acceptancesDespiteIndex += 1 }
    }
}
