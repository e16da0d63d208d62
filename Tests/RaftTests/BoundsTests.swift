import Raft
import Testing

/// Every queue of the core has a bound, and holds it.
@Suite struct BoundsTests {
    private static let a = MemberID(high: 0, low: 1)
    private static let b = MemberID(high: 0, low: 2)
    private static let c = MemberID(high: 0, low: 3)

    /// A settled leader of three whose followers have gone silent.
    private func leader(_ change: (inout RaftSettings) -> Void) throws -> RaftCore {
        var settings = RaftSettings()
        settings.electionTicks = 10
        settings.heartbeatTicks = 2
        change(&settings)
        var state = RestoredState()
        state.hardState = HardState(term: Term(1))
        state.entries = [Entry(
            index: LogIndex(1), term: Term(1), kind: .configuration,
            payload: Configuration(voters: [Self.a, Self.b, Self.c]).encoded())]
        state.applied = LogIndex(1)
        var core = try RaftCore(id: Self.a, settings: settings, restored: state, seed: 1)
        var output = RaftOutput()
        while output.messages.isEmpty { output = core.step(.tick) }
        func answer(_ output: RaftOutput, _ body: (Message) -> Message?) -> RaftOutput {
            guard let message = output.messages.compactMap(body).first else { return RaftOutput() }
            return core.step(.received(message))
        }
        output = answer(output) { message in
            guard case .preVote(let request) = message.body else { return nil }
            return reply(message, .preVoteReply(VoteReply(round: request.round, isGranted: true)))
        }
        output = core.step(.persisted(upTo: output.storage[0].id))
        output = answer(output) { message in
            guard case .vote(let request) = message.body else { return nil }
            return reply(message, .voteReply(VoteReply(round: request.round, isGranted: true)))
        }
        _ = core.step(.persisted(upTo: output.storage[0].id))
        for body in [Message.Body.appendReply(.accepted(through: LogIndex(2))), .heartbeatReply(round: 1)] {
            output = core.step(.received(Message(from: Self.b, to: Self.a, term: Term(2), body: body)))
        }
        try #require(core.isLeader && core.commitIndex == LogIndex(2))
        _ = core.step(.applied(through: LogIndex(2)))
        return core
    }

    private func reply(_ message: Message, _ body: Message.Body) -> Message {
        Message(from: message.to, to: message.from, term: message.term, body: body)
    }

    private func outcome(_ output: RaftOutput) -> ProposalResult.Outcome? { output.proposals.first?.outcome }

    @Test("a new leader takes no vote away, and hands over to nobody, on the word of members that have not answered it")
    func assumedPresent() throws {
        var core = try leader { _ in }
        // b has answered and c has not; that c is active is assumed, so as not to step down at once.
        let withoutB = Configuration(voters: [Self.a, Self.c])
        #expect(outcome(core.step(.proposeConfiguration(id: 1, withoutB))) == .rejected(.noActiveMajority))
        #expect(core.step(.transferLeadership(id: 2, to: Self.c)).transfers.first?.outcome == .rejected(.targetIsSilent(Self.c)))
        _ = core.step(.received(Message(from: Self.c, to: Self.a, term: Term(2), body: .heartbeatReply(round: 1))))
        guard case .accepted? = outcome(core.step(.proposeConfiguration(id: 3, withoutB))) else {
            Issue.record("c has answered")
            return
        }
    }

    @Test("uncommitted bytes are bounded; a single large entry always fits")
    func uncommittedBytes() throws {
        var core = try leader { $0.maxUncommittedBytes = 10 }
        #expect(outcome(core.step(.propose(id: 1, payload: [UInt8](repeating: 0, count: 11))))
            == .accepted(LogPosition(term: Term(2), index: LogIndex(3))))
        #expect(outcome(core.step(.propose(id: 2, payload: [0]))) == .rejected(.busy))

        core = try leader { $0.maxUncommittedBytes = 10 }
        _ = core.step(.propose(id: 1, payload: [UInt8](repeating: 0, count: 4)))
        #expect(outcome(core.step(.propose(id: 2, payload: [UInt8](repeating: 0, count: 7)))) == .rejected(.busy))
        #expect(outcome(core.step(.propose(id: 3, payload: [UInt8](repeating: 0, count: 6))))
            == .accepted(LogPosition(term: Term(2), index: LogIndex(4))))
        #expect(core.status.uncommittedBytes == 10)
    }

    @Test("committing frees what was counted, to exactly zero")
    func countersReturnToZero() throws {
        var core = try leader { _ in }
        let output = core.step(.proposeBatch((1...5).map { Proposal(id: $0, payload: [1, 2, 3]) }))
        #expect(output.storage.count == 1 && output.storage[0].entries.count == 5)
        #expect(core.status.uncommittedBytes == 15)
        _ = core.step(.persisted(upTo: output.storage[0].id))
        _ = core.step(.received(Message(from: Self.b, to: Self.a, term: Term(2), body: .appendReply(.accepted(through: LogIndex(7))))))
        #expect(core.commitIndex == LogIndex(7))
        #expect(core.status.uncommittedBytes == 0)
    }

    @Test("uncommitted entries are bounded even when they are empty")
    func uncommittedEntries() throws {
        var core = try leader { $0.maxUncommittedEntries = 3 }
        let results = core.step(.proposeBatch((1...4).map { Proposal(id: $0, payload: []) })).proposals
        #expect(results.map { if case .accepted = $0.outcome { true } else { false } } == [true, true, true, false])
        #expect(results[3].outcome == .rejected(.busy))
    }

    @Test("an entry one byte too long is refused")
    func entryBytes() throws {
        var core = try leader { $0.maxEntryBytes = 8 }
        #expect(outcome(core.step(.propose(id: 1, payload: [UInt8](repeating: 0, count: 9)))) == .rejected(.tooLarge(bytesMax: 8)))
        #expect(outcome(core.step(.propose(id: 2, payload: [UInt8](repeating: 0, count: 8))))
            == .accepted(LogPosition(term: Term(2), index: LogIndex(3))))
    }

    @Test("pending reads are bounded, on the leader and for a follower's questions too")
    func reads() throws {
        var core = try leader { $0.maxPendingReads = 2 }
        #expect(core.step(.readIndex(id: 1)).failedReads.isEmpty)
        #expect(core.step(.readIndex(id: 2)).failedReads.isEmpty)
        #expect(core.step(.readIndex(id: 3)).failedReads == [3])
        let output = core.step(.received(Message(from: Self.c, to: Self.a, term: Term(2), body: .readIndex(token: 5))))
        #expect(output.messages.map(\.body) == [.readIndexReply(token: 5, index: nil)])
    }

    @Test("appends on their way are bounded, and a full window is not a wedge")
    func inflight() throws {
        var core = try leader { settings in
            settings.maxInflight = 2
            settings.maxBatchEntries = 1
        }
        let output = core.step(.proposeBatch((1...5).map { Proposal(id: $0, payload: [0]) }))
        let sent = output.messages.filter { message in
            if case .append(let request) = message.body { return message.to == Self.b && !request.entries.isEmpty }
            return false
        }
        #expect(sent.count == 2)
        // Both are lost. A heartbeat's answer brings an empty append, which the follower can refuse.
        for _ in 0..<2 { _ = core.step(.tick) }
        let probe = core.step(.received(Message(from: Self.b, to: Self.a, term: Term(2), body: .heartbeatReply(round: 2))))
        #expect(probe.messages.contains { message in
            if case .append(let request) = message.body { return request.entries.isEmpty && request.previous.index == LogIndex(4) }
            return false
        })
        let retry = core.step(.received(Message(
            from: Self.b, to: Self.a, term: Term(2),
            body: .appendReply(.rejected(previous: LogIndex(4), hint: LogPosition(term: Term(2), index: LogIndex(2)))))))
        #expect(retry.messages.contains { message in
            if case .append(let request) = message.body { return request.entries.first?.index == LogIndex(3) }
            return false
        })
    }

    @Test("entries handed out and not yet applied are bounded")
    func unapplied() throws {
        var core = try leader { $0.maxUnapplied = 2 }
        let output = core.step(.proposeBatch((1...5).map { Proposal(id: $0, payload: [0]) }))
        var committed = core.step(.persisted(upTo: output.storage[0].id)).committed
        #expect(committed.isEmpty)
        committed = core.step(.received(Message(
            from: Self.b, to: Self.a, term: Term(2), body: .appendReply(.accepted(through: LogIndex(7)))))).committed
        #expect(committed.map(\.index) == [LogIndex(3), LogIndex(4)])
        #expect(core.step(.applied(through: LogIndex(3))).committed.map(\.index) == [LogIndex(5)])
    }
}
