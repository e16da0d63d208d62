import HistoryChecker
import Testing

/// A history that holds, and each way in which one may not.
@Suite("The judge of whole histories")
struct HistoryJudgementTests {
    /// Times are seconds. Each call is another client's, so that any two may overlap.
    private struct History {
        private(set) var lines: [HistoryEvent] = []

        mutating func add(
            _ function: HistoryEvent.Function, _ key: String, _ input: String, _ output: String, from: Double, to: Double?,
            kind: HistoryEvent.Kind = .ok, member: Int? = 0, index: Int64? = nil
        ) {
            lines.append(HistoryEvent(
                process: lines.count, function: function, key: key, input: input, output: output, kind: kind,
                invoked: UInt64(from * 1e9), returned: to.map { UInt64($0 * 1e9) }, member: member, index: index))
        }

        mutating func revoke(_ token: String, at time: Double, index: Int64, everywhere: Bool = false) {
            add(.revoke, token, everywhere ? "everywhere" : "committed", from: time, to: time + 0.1, index: index)
        }

        mutating func add(
            _ function: HistoryEvent.Function, _ key: String, _ output: String, from: Double, to: Double?, index: Int64? = nil
        ) {
            add(function, key, "", output, from: from, to: to, index: index)
        }

        mutating func verify(_ token: String, _ answer: String, at time: Double, member: Int = 0, index: Int64? = nil) {
            add(.verify, token, "", answer, from: time, to: time + 0.01, member: member, index: index)
        }

        mutating func fault(_ members: String, from: Double, to: Double?) {
            add(.fault, "pause", members, "pause", from: from, to: to, kind: to == nil ? .invoke : .ok, member: nil)
        }

        /// What each of two members holds in the end.
        mutating func lists(revocations: [String], tokens: [String]) {
            for member in 0...1 {
                list("revocations", revocations, member: member)
                list("tokens", tokens, member: member)
            }
        }

        mutating func list(_ name: String, _ ids: [String], member: Int, kind: HistoryEvent.Kind = .ok) {
            add(.list, "", name, ids.joined(separator: " "), from: 900, to: 901, kind: kind, member: member)
        }

        var judgement: HistoryJudgement { HistoryJudgement(lines, grace: 1_000_000_000) }
    }

    /// Two revocations, a named token that stays and one that goes, and questions that are answered as they should be.
    private func soundHistory() -> History {
        var history = History()
        history.revoke("a", at: 10, index: 100)
        history.revoke("b", at: 11, index: 101, everywhere: true)
        history.add(.name, "kept", "", from: 12, to: 12.1)
        history.add(.name, "gone", "", from: 12, to: 12.1)
        history.add(.delete, "gone", "", from: 13, to: 13.1)
        history.add(.read, "kept", "there", from: 14, to: 14.1)
        history.add(.read, "gone", "gone", from: 14, to: 14.1)
        history.add(.tail, "a", "200", "b gone", from: 15, to: 15.1, index: 103)
        history.verify("good", "accepted", at: 16)
        history.verify("a", "accepted", at: 9, member: 1)
        history.verify("a", "accepted", at: 14, member: 1, index: 99)
        history.verify("a", "token_revoked", at: 40, member: 1)
        history.verify("b", "token_revoked", at: 12)
        history.lists(revocations: ["a", "b", "gone"], tokens: ["kept"])
        return history
    }

    @Test("a history in which all promises are kept is good, and the ages of its questions are counted")
    func sound() {
        let judgement = soundHistory().judgement
        #expect(judgement.isGood)
        #expect(judgement.revocationsAcknowledged == 2 && judgement.changesOrdered == 2 && judgement.tailReads == 1)
        let ages = judgement.verifications.ages
        #expect(ages.underOneSecond == 1 && ages.oneToTenSeconds == 1 && ages.overTenSeconds == 1 && ages.pastBound == 1)
        #expect(judgement.durability.revocationsChecked == 3 && judgement.durability.tokensChecked == 2)
    }

    @Test("an acceptance later than the bound after the acknowledgement is found")
    func lateAcceptance() {
        var history = soundHistory()
        history.verify("a", "accepted", at: 15.2, member: 1, index: 99)
        #expect(history.judgement.verifications.staleness.acceptancesPastBound == 1)
        #expect(!history.judgement.isSafe)
    }

    @Test("an acceptance after the revocation was said to hold everywhere is found, however soon")
    func acceptanceAfterEverywhere() {
        var history = soundHistory()
        history.verify("b", "accepted", at: 11.2, member: 1, index: 99)
        #expect(history.judgement.verifications.staleness.acceptancesAfterEverywhere == 1)
        #expect(!history.judgement.isSafe)
    }

    @Test("an acceptance by a state that has the revocation is found")
    func acceptanceDespiteIndex() {
        var history = soundHistory()
        history.verify("a", "accepted", at: 10.2, member: 1, index: 100)
        #expect(history.judgement.verifications.acceptancesDespiteIndex == 1)
        #expect(!history.judgement.isSafe)
    }

    @Test("an acknowledged revocation that a member no longer has is found")
    func lostRevocation() {
        var history = soundHistory()
        history.revoke("c", at: 20, index: 110)
        #expect(history.judgement.durability.revocationsLost == 2)
        #expect(!history.judgement.isSafe)
    }

    @Test("a named token that is gone although nobody deleted it is found")
    func lostToken() {
        var history = soundHistory()
        history.add(.name, "lost", "", from: 20, to: 20.1)
        #expect(history.judgement.durability.tokensWrong == 2)
        #expect(!history.judgement.isSafe)
    }

    @Test("a named token that is there although it was deleted is found")
    func risenToken() {
        var history = soundHistory()
        history.add(.delete, "kept", "", from: 20, to: 20.1)
        #expect(history.judgement.durability.tokensWrong == 2)
        #expect(!history.judgement.isSafe)
    }

    @Test("a token whose deletion was never answered may be there or not")
    func openDeletion() {
        var history = soundHistory()
        history.add(.delete, "kept", "", "", from: 20, to: 21, kind: .info)
        #expect(history.judgement.isGood)
    }

    @Test("members that hold different lists are found, and so is one whose list could not be read")
    func differingMembers() {
        var different = soundHistory()
        different.list("revocations", ["phantom"], member: 1)
        #expect(different.judgement.durability.membersThatDiffer == [1])
        #expect(!different.judgement.isSafe)
        var unread = soundHistory()
        unread.list("tokens", [], member: 1, kind: .info)
        #expect(unread.judgement.durability.membersUnread == [1])
        #expect(!unread.judgement.isSafe)
    }

    @Test("a change that was asked for after another was acknowledged, and lies before it in the log, is found")
    func indexInversion() {
        var history = soundHistory()
        history.add(.revoke, "a", "committed", "", from: 9, to: 9.5, kind: .info)  // an attempt before: still one change
        #expect(history.judgement.isGood)
        history.revoke("c", at: 20, index: 50)
        #expect(!history.judgement.indexOrderHolds)
        #expect(!history.judgement.isSafe)
    }

    @Test("a linearizable read that still sees a deleted token is found")
    func staleRead() {
        var history = soundHistory()
        history.add(.read, "gone", "there", from: 20, to: 20.1)
        #expect(history.judgement.linearizable == .broken)
        #expect(!history.judgement.isSafe)
    }

    @Test("a linearizable list that lacks a revocation acknowledged before is found; one that ends before it is not wrong")
    func staleList() {
        var short = soundHistory()
        short.add(.tail, "a", "1", "gone", from: 20, to: 20.1, index: 100)
        #expect(short.judgement.missingFromTails == 0)
        var stale = soundHistory()
        stale.add(.tail, "a", "200", "", from: 20, to: 20.1)
        #expect(stale.judgement.missingFromTails == 1)
        #expect(!stale.judgement.isSafe)
    }

    @Test("a question that a healthy member did not answer is a failure; of one in trouble it is only counted")
    func unanswered() {
        for (answer, kind) in [("", HistoryEvent.Kind.info), ("status 500", .fail)] {
            var healthy = soundHistory()
            healthy.add(.verify, "good", "", answer, from: 20, to: 22, kind: kind, member: 1)
            #expect(healthy.judgement.verifications.unansweredByHealthy.count == 1)
            #expect(healthy.judgement.isSafe && !healthy.judgement.isGood)
            var troubled = healthy
            troubled.fault("1", from: 21, to: 25)
            #expect(troubled.judgement.verifications.unanswered == 1)
            #expect(troubled.judgement.isGood)
        }
    }

    @Test("a fault excuses its own members, during it and for the grace after it, and nobody else")
    func grace() {
        var history = soundHistory()
        history.fault("0 2", from: 20, to: 30)
        history.fault("2", from: 50, to: nil)
        history.verify("good", "member_stale", at: 30.9)
        history.verify("good", "member_stale", at: 60, member: 2)
        history.list("revocations", ["a", "b", "gone"], member: 2)
        history.list("tokens", ["kept"], member: 2)
        #expect(history.judgement.isGood)
        for (time, member) in [(19.5, 0), (31.1, 0), (25, 1), (40, 2)] {
            var worse = history
            worse.verify("good", "member_stale", at: time, member: member)
            #expect(worse.judgement.verifications.goodRefusedByHealthy.count == 1)
            #expect(worse.judgement.isSafe && !worse.judgement.isGood)
        }
    }

    @Test("a revoked token that is not refused as revoked when all has healed is found")
    func wrongAtTheEnd() {
        var history = soundHistory()
        for reason in ["token_revoked", "subject_revoked", "certificate_revoked"] { history.add(.verify, "a", "at the end", reason, from: 800, to: 801) }
        #expect(history.judgement.isSafe)
        history.add(.verify, "a", "at the end", "member_stale", from: 800, to: 801)
        history.add(.verify, "b", "at the end", "unknown_certificate", from: 800, to: 801)
        #expect(history.judgement.verifications.wrongAtTheEnd.count == 2)
        #expect(!history.judgement.isSafe)
    }

    @Test("a call whose end is missing stays open, and the beginning of one that ended is not counted twice")
    func openCalls() {
        let begun = HistoryEvent(process: 7, function: .delete, key: "t", kind: .invoke, invoked: 1, member: 0)
        var ended = begun
        ended.kind = .ok
        ended.returned = 2
        #expect(HistoryEvent.calls([begun, ended]) == [ended])
        var open = begun
        open.kind = .info
        #expect(HistoryEvent.calls([begun]) == [open])
    }
}
