import Raft
import Testing

@Suite struct DeterminismTests {
    /// One voter, driven by ticks alone: outputs are compared whole.
    private func history(seed: UInt64) throws -> [RaftOutput] {
        let members = (1...3).map { MemberID(high: 0, low: UInt64($0)) }
        var state = RestoredState()
        state.hardState = HardState(term: Term(1))
        state.entries = [Entry(
            index: LogIndex(1), term: Term(1), kind: .configuration, payload: Configuration(voters: members).encoded())]
        var core = try RaftCore(id: members[0], settings: RaftSettings(), restored: state, seed: seed)
        return (0..<400).map { _ in core.step(.tick) }
    }

    @Test("the same inputs give the same outputs")
    func sameSeed() throws {
        #expect(try history(seed: 7) == history(seed: 7))
    }

    @Test("seeds move the election timeouts, which stay within [E, 2E)")
    func timeouts() throws {
        let electionTicks = RaftSettings().electionTicks
        var seen: Set<Int> = []
        for seed in UInt64(1)...50 {
            let first = try #require(try history(seed: seed).firstIndex { !$0.messages.isEmpty })
            let ticks = first + 1
            #expect(ticks >= electionTicks && ticks < 2 * electionTicks)
            seen.insert(ticks)
        }
        #expect(seen.count > 10)
    }
}
