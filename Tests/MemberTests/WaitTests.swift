import EventLoop
import Raft
import Testing
import TrustStore

@testable import Cluster

/// What somebody who waits was told, in order.
private final class Answers<Value> {
    private(set) var all: [Result<Value, ProposeError>] = []
    func take(_ answer: Result<Value, ProposeError>) { all.append(answer) }
}

@Suite("Waiting requests")
struct WaitTests {
    let start = MonotonicInstant(nanoseconds: 1_000_000_000)

    @Test("a barrier is answered only by a question asked after it arrived, and only once applied")
    func laterQuestion() throws {
        var table = ReadTable()
        let (first, second) = (Answers<LogIndex>(), Answers<LogIndex>())
        table.add(key: 1, deadline: start + .seconds(5), first.take)
        let question1 = table.takeQuestion(now: start)
        let early = try #require(question1)
        table.add(key: 2, deadline: start + .seconds(5), second.take)
        let tooSoon = table.takeQuestion(now: start)
        #expect(tooSoon == nil)
        table.confirm(ConfirmedRead(id: early, index: LogIndex(3)))
        table.answerBarriers(applied: LogIndex(3))
        #expect(first.all == [.success(LogIndex(3))] && second.all.isEmpty)
        let question2 = table.takeQuestion(now: start)
        let late = try #require(question2)
        #expect(late != early)
        table.confirm(ConfirmedRead(id: late, index: LogIndex(9)))
        table.answerBarriers(applied: LogIndex(8))
        #expect(second.all.isEmpty)
        table.answerBarriers(applied: LogIndex(9))
        #expect(second.all == [.success(LogIndex(9))])
    }

    @Test("a barrier whose caller hung up is forgotten, wherever it waits")
    func cancelled() throws {
        for stage in 0..<3 {
            var table = ReadTable()
            let answers = Answers<LogIndex>()
            table.add(key: 7, deadline: start + .seconds(5), answers.take)
            if stage > 0 {
                let question3 = table.takeQuestion(now: start)
                let id = try #require(question3)
                if stage > 1 { table.confirm(ConfirmedRead(id: id, index: LogIndex(4))) }
            }
            table.cancel(7)
            table.answerBarriers(applied: LogIndex(4))
            table.failAll(.stopping)
            #expect(answers.all == [.failure(.cancelled)], "stage \(stage)")
        }
    }

    @Test("a question without an answer is asked again, and a deadline ends the wait")
    func lostQuestion() throws {
        var table = ReadTable()
        let answers = Answers<LogIndex>()
        table.add(key: 1, deadline: start + .seconds(5), answers.take)
        let question4 = table.takeQuestion(now: start)
        let first = try #require(question4)
        let tooSoon = table.takeQuestion(now: start + .milliseconds(100))
        #expect(tooSoon == nil)
        let question5 = table.takeQuestion(now: start + .seconds(1))
        let again = try #require(question5)
        #expect(again != first)
        table.confirm(ConfirmedRead(id: first, index: LogIndex(1)))
        table.answerBarriers(applied: LogIndex(1))
        #expect(answers.all.isEmpty, "the answer to the lost question no longer counts")
        table.expire(now: start + .seconds(5))
        #expect(answers.all == [.failure(.noLeader)])
    }

    @Test("one barrier more than the bound is told so, and freshness still has its question")
    func bound() {
        var table = ReadTable()
        let answers = Answers<LogIndex>()
        for key in 0..<UInt64(ReadTable.barriersMax) {
            table.add(key: key, deadline: start + .seconds(5), answers.take)
        }
        #expect(answers.all.isEmpty)
        table.add(key: .max, deadline: start + .seconds(5), answers.take)
        #expect(answers.all == [.failure(.busy)])
        let id = table.askFreshness(at: start)
        table.confirm(ConfirmedRead(id: id, index: LogIndex(1)))
        let proof = table.takeProof(applied: LogIndex(1))
        #expect(proof == start)
    }

    @Test("freshness is proved as of the moment before the question, once its index is applied")
    func proof() {
        var table = ReadTable()
        table.confirm(ConfirmedRead(id: table.askFreshness(at: start), index: LogIndex(5)))
        let early = table.takeProof(applied: LogIndex(4))
        let due = table.takeProof(applied: LogIndex(5))
        let again = table.takeProof(applied: LogIndex(5))
        #expect(early == nil && due == start && again == nil)
    }

    @Test("after a clock jump no earlier question proves anything")
    func droppedQuestions() {
        var table = ReadTable()
        let id = table.askFreshness(at: start)
        table.dropFreshness()
        table.confirm(ConfirmedRead(id: id, index: LogIndex(5)))
        let proof = table.takeProof(applied: LogIndex(5))
        #expect(proof == nil)
    }

    @Test("an index wait ends with its index, its deadline or its caller, each once")
    func indexWaits() {
        var waits = IndexWaiters()
        let answers = Answers<LogIndex>()
        waits.add(LogIndex(9), key: 3, until: start + .seconds(9), answers.take)
        waits.add(LogIndex(5), key: 1, until: start + .seconds(1), answers.take)
        waits.add(LogIndex(7), key: 2, until: start + .seconds(1), answers.take)
        waits.applied(LogIndex(4))
        #expect(answers.all.isEmpty)
        waits.applied(LogIndex(6))
        waits.expire(now: start + .seconds(1), applied: LogIndex(6))
        waits.cancel(3)
        waits.failAll(.stopping)
        #expect(answers.all == [
            .success(LogIndex(6)), .failure(.notApplied(waitedFor: LogIndex(7), applied: LogIndex(6))), .failure(.cancelled),
        ])
    }

    @Test("a refusal is the whole story only when no earlier offer may be in a log")
    func refusals() {
        let one = PendingProposal.Leadership(leader: MemberID(high: 0, low: 1), term: Term(1))
        let two = PendingProposal.Leadership(leader: MemberID(high: 0, low: 2), term: Term(2))
        var proposal = PendingProposal(
            id: RequestID(high: 1, low: 1), kind: .revokeToken, encoded: [], deadline: start + .seconds(5), waiter: { _ in })
        #expect(proposal.ending(.noLeader) == .noLeader)
        #expect(proposal.shouldOffer(to: one, now: start))
        proposal.offered(to: one, now: start)
        #expect(proposal.wasOfferedOnce && !proposal.shouldOffer(to: one, now: start))
        #expect(proposal.shouldOffer(to: two, now: start))
        #expect(proposal.shouldOffer(to: one, now: start + PendingProposal.offerAgainAfter))
        proposal.offered(to: two, now: start)
        #expect(!proposal.wasOfferedOnce)
        #expect(proposal.ending(.noLeader) == .outcomeUnknown)
    }
}

@Suite("Waiting for everywhere")
struct EffectTests {
    let start = MonotonicInstant(nanoseconds: 1_000_000_000)

    @Test("a change holds everywhere when each member has applied it, or when those without it are stale")
    func effects() {
        var effects = EffectWaiters()
        var told: [Result<[MemberEffect], ProposeError>] = []
        func at(_ first: UInt64, _ second: UInt64, refusing: Bool = true) -> [EffectWaiters.Progress] {
            [
                EffectWaiters.Progress(member: "m1", index: LogIndex(first), refusesWhenStale: refusing),
                EffectWaiters.Progress(member: "m2", index: LogIndex(second), refusesWhenStale: refusing),
            ]
        }
        var progress = at(9, 8)
        effects.add(LogIndex(9), key: 1, until: start + .seconds(5)) { told.append($0) }
        effects.settle(now: start) { progress }
        #expect(told.isEmpty)
        progress = at(9, 9)
        effects.settle(now: start) { progress }
        #expect(told == [.success([MemberEffect(member: "m1", reason: .applied), MemberEffect(member: "m2", reason: .applied)])])

        progress = at(9, 8)
        effects.add(LogIndex(9), key: 2, until: start + .seconds(5)) { told.append($0) }
        effects.settle(now: start + .milliseconds(4_999)) { progress }
        #expect(told.count == 1)
        effects.settle(now: start + .seconds(5)) { progress }
        #expect(told.last == .success([MemberEffect(member: "m1", reason: .applied), MemberEffect(member: "m2", reason: .stale)]))

        // Who may go on vouching when it is stale is not known to refuse, however long it has been silent.
        effects.add(LogIndex(9), key: 3, until: start + .seconds(5)) { told.append($0) }
        effects.settle(now: start + .seconds(5)) { at(9, 8, refusing: false) }
        let unsure = [MemberEffect(member: "m1", reason: .applied), MemberEffect(member: "m2", reason: .unknown)]
        #expect(told.last == .success(unsure))
        #expect(unsure.map(\.isCertain) == [true, false])

        effects.add(LogIndex(9), key: 4, until: start + .seconds(9)) { told.append($0) }
        effects.cancel(4)
        effects.failAll(.stopping)
        #expect(told.last == .failure(.cancelled) && told.count == 4)
    }
}
