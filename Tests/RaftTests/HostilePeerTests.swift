import Raft
import Testing

/// A peer that is authenticated may still be broken or hostile. It may stop a member that sees a safety rule
/// broken; it must never trap one, and never move one that is not convinced.
@Suite struct HostilePeerTests {
    private static let members = (1...4).map { MemberID(high: 0, low: UInt64($0)) }

    private func number(_ random: inout TestRandom) -> UInt64 {
        switch random.below(8) {
        case 0: UInt64.max
        case 1: LogIndex.max.rawValue
        case 2: LogIndex.max.rawValue + 1
        case 3: UInt64(Int64.max)
        default: UInt64(random.below(12))
        }
    }

    private func position(_ random: inout TestRandom) -> LogPosition {
        LogPosition(term: Term(number(&random)), index: LogIndex(number(&random)))
    }

    private func body(_ random: inout TestRandom) -> Message.Body {
        switch random.below(11) {
        case 0: return .preVote(VoteRequest(round: number(&random), last: position(&random)))
        case 1: return .preVoteReply(VoteReply(round: number(&random), isGranted: random.chance(500)))
        case 2: return .vote(VoteRequest(round: number(&random), last: position(&random)))
        case 3: return .voteReply(VoteReply(round: number(&random), isGranted: random.chance(500)))
        case 4: return .appendReply(.accepted(through: LogIndex(number(&random))))
        case 5: return .appendReply(.rejected(previous: LogIndex(number(&random)), hint: position(&random)))
        case 6: return .heartbeat(Heartbeat(commit: LogIndex(number(&random)), round: number(&random)))
        case 7: return .heartbeatReply(round: number(&random))
        case 8: return .readIndex(token: number(&random))
        case 9: return .readIndexReply(token: number(&random), index: LogIndex(number(&random)))
        default:
            let previous = position(&random)
            var entries: [Entry] = []
            for offset in 0..<random.below(4) {
                let index = random.chance(900) ? previous.index.rawValue &+ UInt64(offset) &+ 1 : number(&random)
                entries.append(Entry(
                    index: LogIndex(index), term: Term(random.chance(900) ? UInt64(1 + random.below(5)) : number(&random)),
                    kind: random.chance(800) ? .command : .configuration, payload: [UInt8(random.below(3))]))
            }
            return .append(AppendRequest(previous: previous, entries: entries, commit: LogIndex(number(&random))))
        }
    }

    @Test("nothing a peer says traps", arguments: UInt64(1)...40)
    func neverTraps(seed: UInt64) throws {
        var random = TestRandom(seed: seed)
        for _ in 0..<20 {
            var state = RestoredState()
            state.hardState = HardState(term: Term(1))
            state.entries = [Entry(
                index: LogIndex(1), term: Term(1), kind: .configuration,
                payload: Configuration(voters: Array(Self.members.prefix(1 + random.below(3)))).encoded())]
            var settings = RaftSettings()
            settings.electionTicks = 4
            settings.heartbeatTicks = 1
            settings.windowEntries = 1 + random.below(3)
            var core = try RaftCore(id: Self.members[0], settings: settings, restored: state, seed: random.next())
            var lastOperation: UInt64 = 0
            for step in 0..<60 where core.alarm == nil {
                let input: RaftInput = switch random.below(8) {
                case 0: .tick
                case 1: .propose(id: UInt64(step), payload: [1])
                case 2: .readIndex(id: UInt64(step))
                case 3: .setLearners(Array(Self.members.suffix(random.below(3))))
                case 4: .loaded(LoadedEntries(id: UInt64(random.below(3)), entries: []))
                default:
                    .received(Message(
                        from: random.pick(Self.members), to: random.chance(950) ? Self.members[0] : Self.members[1],
                        term: Term(number(&random)), body: body(&random)))
                }
                let output = core.step(input)
                lastOperation = output.storage.last?.id ?? lastOperation
                if lastOperation > 0, random.chance(500) { _ = core.step(.persisted(upTo: lastOperation)) }
                #expect(core.commitIndex <= core.lastIndex)
                #expect(core.durableIndex <= core.lastIndex)
            }
        }
    }

    @Test("a stopped member answers nothing")
    func stoppedIsSilent() throws {
        var state = RestoredState()
        state.hardState = HardState(term: Term(1))
        let voters = Configuration(voters: Array(Self.members.prefix(3)))
        state.entries = [Entry(index: LogIndex(1), term: Term(1), kind: .configuration, payload: voters.encoded())]
        var core = try RaftCore(id: Self.members[0], settings: RaftSettings(), restored: state, seed: 1)
        let first = Message(from: Self.members[1], to: Self.members[0], term: Term(2), body: .heartbeat(Heartbeat(commit: .zero, round: 1)))
        let second = Message(from: Self.members[2], to: Self.members[0], term: Term(2), body: .heartbeat(Heartbeat(commit: .zero, round: 1)))
        _ = core.step(.received(first))
        let output = core.step(.received(second))
        #expect(output.events == [.stopped(.twoLeaders(term: Term(2), known: Self.members[1], other: Self.members[2]))])
        #expect(output.storage.isEmpty && output.messages.isEmpty)
        #expect(core.step(.received(first)) == RaftOutput())
        #expect(core.step(.readIndex(id: 1)) == RaftOutput())
    }
}
