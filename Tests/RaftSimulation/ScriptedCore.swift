import Raft

/// One core, member 0 of three voters, led by the hand through a few inputs.
struct ScriptedCore {
    static let others = [MemberID(slot: 1), MemberID(slot: 2)]

    private(set) var core: RaftCore
    /// Everything sent so far.
    private(set) var sent: [Message] = []
    private(set) var proposals: [ProposalResult] = []
    private(set) var lastOperation: UInt64 = 0
    private(set) var installs = 0

    /// Its log holds the founding configuration and `terms` after it, nothing of which is committed.
    init(_ mutant: Mutant?, terms: [UInt64] = [], settings: RaftSettings = RaftSettings()) throws(RestoreError) {
        let voters = Configuration(voters: [MemberID(slot: 0)] + Self.others)
        var restored = RestoredState()
        restored.hardState = HardState(term: Term(terms.last ?? 1))
        restored.entries = [Entry(index: LogIndex(1), term: Term(1), kind: .configuration, payload: voters.encoded())]
        for term in terms { restored.entries.append(Self.entry(restored.entries.count + 1, term)) }
        core = try RaftCore(id: MemberID(slot: 0), settings: settings, restored: restored, seed: 1)
        #if CREDENCE_MUTANTS
        core.mutant = mutant
        #endif
    }

    static func entry(_ index: Int, _ term: UInt64) -> Entry {
        Entry(index: LogIndex(UInt64(index)), term: Term(term), kind: .command, payload: SimulatedCommand.write(term).payload)
    }

    static func position(_ index: UInt64, _ term: UInt64) -> LogPosition { LogPosition(term: Term(term), index: LogIndex(index)) }

    mutating func step(_ input: RaftInput) {
        let output = core.step(input)
        sent += output.messages
        proposals += output.proposals
        installs += output.storage.count { $0.install != nil }
        if let operation = output.storage.last { lastOperation = operation.id }
    }

    mutating func receive(_ body: Message.Body, term: UInt64, from slot: Int = 1) {
        step(.received(Message(from: MemberID(slot: slot), to: core.id, term: Term(term), body: body)))
    }

    mutating func sync() { step(.persisted(upTo: lastOperation)) }

    /// Elected with the vote of member 1.
    mutating func lead() {
        for _ in 0..<1000 where core.role != .preCandidate { step(.tick) }
        for case .preVote(let request) in sent.map(\.body) {
            receive(.preVoteReply(VoteReply(round: request.round, isGranted: true)), term: core.term.next.rawValue)
        }
        sync()
        for case .vote(let request) in sent.map(\.body) where !core.isLeader {
            receive(.voteReply(VoteReply(round: request.round, isGranted: true)), term: core.term.rawValue)
        }
        sync()
    }

    /// That it is there, in this leader's term, and nothing more.
    mutating func answer(from slot: Int) { receive(.heartbeatReply(round: 0), term: core.term.rawValue, from: slot) }

    /// What member `slot` has acknowledged, as this leader believes.
    func match(of slot: Int) -> LogIndex? { core.status.peers.first { $0.id == MemberID(slot: slot) }?.match }
}
