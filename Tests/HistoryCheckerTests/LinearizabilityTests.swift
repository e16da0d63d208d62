import HistoryChecker
import Testing

@Suite("The checker of histories")
struct LinearizabilityTests {

    private func call(_ action: NamedTokenModel.Action, _ invoked: UInt64, _ returned: UInt64?) -> Call<NamedTokenModel.Action> {
        Call(action, invoked: invoked, ending: returned.map { .returned($0) } ?? .open)
    }

    private func judge(_ history: Call<NamedTokenModel.Action>...) -> Linearizability {
        Linearizability.judge(history, as: NamedTokenModel())
    }

    @Test("calls one after the other are fine when the answers fit")
    func sequential() {
        #expect(judge(
            call(.read(isThere: false), 0, 1), call(.create, 2, 3), call(.read(isThere: true), 4, 5), call(.delete, 6, 7),
            call(.read(isThere: false), 8, 9)) == .linearizable)
    }

    @Test("a read that overlaps a change may see either side, but not both the wrong way round")
    func overlapping() {
        let create = call(.create, 0, 10)
        #expect(judge(create, call(.read(isThere: false), 1, 2), call(.read(isThere: true), 3, 4)) == .linearizable)
        #expect(judge(create, call(.read(isThere: true), 1, 2), call(.read(isThere: false), 3, 4)) == .broken)
    }

    @Test("a stale read after an acknowledged change is found")
    func staleRead() {
        #expect(judge(call(.create, 0, 1), call(.delete, 2, 3), call(.read(isThere: true), 4, 5)) == .broken)
    }

    @Test("a lost write is found")
    func lostWrite() {
        #expect(judge(call(.create, 0, 1), call(.read(isThere: false), 2, 3)) == .broken)
    }

    @Test("a change that was carried out twice is found")
    func twice() {
        #expect(judge(call(.create, 0, 1), call(.delete, 2, 3), call(.delete, 4, 5)) == .broken)
    }

    @Test("a call without an answer may have happened at any later time, or never")
    func open() {
        let open = call(.delete, 2, nil)
        #expect(judge(call(.create, 0, 1), open, call(.read(isThere: true), 4, 5)) == .linearizable)
        #expect(judge(call(.create, 0, 1), open, call(.read(isThere: true), 4, 5), call(.read(isThere: false), 6, 7)) == .linearizable)
        #expect(judge(call(.create, 0, 1), open, call(.read(isThere: false), 4, 5), call(.read(isThere: true), 6, 7)) == .broken)
        #expect(judge(call(.create, 5, 6), call(.read(isThere: true), 2, 3)) == .broken)
    }

    @Test("many overlapping calls are judged, and a search that is too long is no success")
    func many() {
        var history = [call(.create, 0, 1)]
        for number in 0..<60 { history.append(call(.read(isThere: true), 2 + UInt64(number), 200)) }
        history.append(call(.delete, 100, 201))
        #expect(Linearizability.judge(history, as: NamedTokenModel()) == .linearizable)
        history.append(call(.read(isThere: true), 300, 301))
        #expect(Linearizability.judge(history, as: NamedTokenModel(), configurationsMax: 10) == .unknown)
    }

    @Test("an acknowledged change that lies before an earlier one in the log is found")
    func indexOrder() {
        let first = AcknowledgedChange(index: 5, invoked: 0, returned: 10)
        let overlapping = AcknowledgedChange(index: 4, invoked: 9, returned: 20)
        let later = AcknowledgedChange(index: 4, invoked: 11, returned: 20)
        #expect(IndexOrder.violation(in: [first, overlapping]) == nil)
        #expect(IndexOrder.violation(in: [later, first]) != nil)
        #expect(IndexOrder.violation(in: [first, AcknowledgedChange(index: 6, invoked: 11, returned: 12)]) == nil)
    }

    @Test("acceptances are counted by the moment of asking, against the bound and against everywhere")
    func staleness() {
        var staleness = Staleness(bound: 5)
        let plain = Staleness.Revocation(acknowledged: 100, isEverywhere: false)
        for time in [UInt64(90), 100, 103, 105] { staleness.accepted(askedAt: time, plain) }
        #expect(staleness.acceptancesPastBound == 0 && staleness.longest == 5)
        staleness.accepted(askedAt: 106, plain)
        #expect(staleness.acceptancesPastBound == 1)
        staleness.accepted(askedAt: 101, Staleness.Revocation(acknowledged: 100, isEverywhere: true))
        #expect(staleness.acceptancesAfterEverywhere == 1)
    }
}
