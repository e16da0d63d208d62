import Raft
import Testing

/// What the disk says is checked before anything is promised on its strength.
@Suite struct RestoreTests {
    private static let me = MemberID(high: 0, low: 1)

    private func entries(_ terms: [UInt64], from first: UInt64 = 1) -> [Entry] {
        terms.enumerated().map { offset, term in
            Entry(index: LogIndex(first + UInt64(offset)), term: Term(term), kind: .noop, payload: [])
        }
    }

    private func restored(_ change: (inout RestoredState) -> Void) -> RestoredState {
        var state = RestoredState()
        state.hardState = HardState(term: Term(9))
        change(&state)
        return state
    }

    private func core(_ state: RestoredState) throws(RestoreError) -> RaftCore {
        try RaftCore(id: Self.me, settings: RaftSettings(), restored: state, seed: 1)
    }

    @Test("a log of which only the newest part is in memory still knows its older terms and configurations")
    func partialWindow() throws {
        let voters = Configuration(voters: [Self.me])
        let core = try core(restored { state in
            state.entries = entries([3, 4], from: 5)
            state.termRuns = [TermRun(term: Term(1), first: LogIndex(1)), TermRun(term: Term(3), first: LogIndex(4))]
            state.configurations = [ConfigurationRecord(index: LogIndex(1), configuration: voters)]
            state.applied = LogIndex(5)
        })
        #expect(core.lastIndex == LogIndex(6))
        #expect(core.durableIndex == LogIndex(6))
        #expect(core.commitIndex == LogIndex(5))
        #expect(core.configuration == voters)
        #expect(core.role == .follower)
    }

    @Test("a gap between entries is refused")
    func gap() {
        #expect(throws: RestoreError.gap(after: LogIndex(2))) {
            try core(restored { $0.entries = entries([1, 1]) + entries([1], from: 4) })
        }
    }

    @Test("entries above the applied index must be in memory")
    func missingUnapplied() {
        #expect(throws: RestoreError.gap(after: LogIndex(2))) {
            try core(restored { state in
                state.entries = entries([1, 1], from: 4)
                state.termRuns = [TermRun(term: Term(1), first: LogIndex(1))]
                state.applied = LogIndex(2)
            })
        }
    }

    @Test("a log known only by terms, without its last entry, is refused")
    func onlyRuns() {
        #expect(throws: RestoreError.gap(after: .zero)) {
            try core(restored { $0.termRuns = [TermRun(term: Term(1), first: LogIndex(1))] })
        }
    }

    @Test("falling terms and terms above the hard state are refused")
    func terms() {
        #expect(throws: RestoreError.termOrder(at: LogIndex(2))) { try core(restored { $0.entries = entries([2, 1]) }) }
        #expect(throws: RestoreError.termOrder(at: LogIndex(1))) { try core(restored { $0.entries = entries([10]) }) }
        #expect(throws: RestoreError.termOrder(at: LogIndex(3))) {
            try core(restored { state in
                state.entries = entries([1], from: 3)
                state.termRuns = [TermRun(term: Term(2), first: LogIndex(1))]
                state.applied = LogIndex(3)
            })
        }
    }

    @Test("older entries of unknown term are refused")
    func unknownTerms() {
        #expect(throws: RestoreError.termUnknown(at: LogIndex(1))) {
            try core(restored { state in
                state.entries = entries([1], from: 3)
                state.applied = LogIndex(3)
            })
        }
    }

    @Test("a state machine ahead of its log is refused: the log has lost what was acknowledged")
    func appliedBeyondLog() {
        #expect(throws: RestoreError.appliedBeyondLog(applied: LogIndex(3), last: LogIndex(2))) {
            try core(restored { state in
                state.entries = entries([1, 1])
                state.applied = LogIndex(3)
            })
        }
    }

    @Test("a configuration that cannot be read is refused, wherever it is")
    func unreadableConfiguration() {
        #expect(throws: RestoreError.unreadableConfiguration(at: LogIndex(1), .unsupportedVersion(9))) {
            try core(restored { $0.entries = [Entry(index: LogIndex(1), term: Term(1), kind: .configuration, payload: [9])] })
        }
    }
}
