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

    /// Ticks from a leader's last word to a follower's first question whether it could be elected, and from there to the next.
    private func patience(of follower: MemberID, leader: MemberID, among voters: [MemberID], seed: UInt64, _ settings: RaftSettings = RaftSettings()) throws -> (first: Int, next: Int) {
        var state = RestoredState()
        state.hardState = HardState(term: Term(1))
        state.entries = [Entry(
            index: LogIndex(1), term: Term(1), kind: .configuration, payload: Configuration(voters: voters).encoded())]
        var core = try RaftCore(id: follower, settings: settings, restored: state, seed: seed)
        _ = core.step(.received(Message(from: leader, to: follower, term: Term(1), body: .heartbeat(Heartbeat(commit: .zero, round: 1)))))
        var asked: [Int] = []
        for tick in 1...400 where !core.step(.tick).messages.isEmpty { asked.append(tick) }
        return (try #require(asked.first), try #require(asked.dropFirst().first) - asked[0])
    }

    @Test("the followers of a leader that is gone have a try one after the other, within [E + a heartbeat, 3E/2), and the next within [E, 2E)", arguments: 2...7)
    func turns(votersCount: Int) throws {
        let electionTicks = RaftSettings().electionTicks, voters = (1...votersCount).map { MemberID(high: 0, low: UInt64($0)) }
        for leader in voters {
            var sooner = electionTicks + RaftSettings().heartbeatTicks
            for follower in voters where follower != leader {
                let ticks = try (1...40).map { try patience(of: follower, leader: leader, among: voters, seed: $0) }
                let first = ticks.map(\.first), next = ticks.map(\.next)
                #expect(first.allSatisfy { $0 >= sooner }, "\(first) after \(sooner)")
                sooner = try #require(first.max())
                #expect(sooner < electionTicks * 3 / 2)
                #expect(next.allSatisfy { $0 >= electionTicks && $0 < 2 * electionTicks } && Set(next).count > 10, "\(next)")
            }
        }
    }

    @Test("where the parts would be less than two ticks, the first timeout is drawn like any other")
    func noTurns() throws {
        var settings = RaftSettings()
        let voters = (1...3).map { MemberID(high: 0, low: UInt64($0)) }
        for (ticks, isShared) in [(18, false), (17, true)] {
            settings.electionTicks = ticks
            let first = try (1...60).map { try patience(of: voters[2], leader: voters[0], among: voters, seed: $0, settings).first }
            // The last follower's part begins in the middle, a drawn timeout at E.
            #expect((first.min() == ticks) == isShared, "\(ticks): \(first)")
        }
    }
}
