import Raft

/// The replicated state of the simulated cluster: a pure function of the commands.
struct Machine {
    private(set) var joined: [MemberID]
    /// The first answer to each request, kept for ever. Only looked up.
    private var answers: [UInt64: UInt64] = [:]
    /// How many requests have taken effect: what the next one is answered.
    private var effects: UInt64 = 0
    private var digest = Hash()
    /// Of the revocations alone: what a verdict depends on.
    private var verdicts = Hash()

    init(voters: Int) { joined = (0..<voters).map { MemberID(slot: $0) } }

    init(voters: Int, entries: ArraySlice<Entry>) {
        self.init(voters: voters)
        for entry in entries { _ = apply(entry) }
    }

    enum Effect { case none, joined, answered(request: UInt64, answer: UInt64, isFirst: Bool) }

    var hash: UInt64 { digest.value }
    var verdictHash: UInt64 { verdicts.value }

    func answer(to request: UInt64) -> UInt64? { answers[request] }

    /// `dedupes` is the rule: a request that has an answer has no further effect.
    mutating func apply(_ entry: Entry, dedupes: Bool = true) -> Effect {
        guard entry.kind == .command, let command = SimulatedCommand(entry.payload) else { return .none }
        switch command {
        case .write(let value):
            digest.mix(value)
            return .none
        case .join(let slot):
            let id = MemberID(slot: slot)
            guard !joined.contains(id) else { return .none }
            joined.append(id)
            digest.mix(UInt64(slot) << 32)
            return .joined
        case .request(let id, let isRevocation):
            if dedupes, let answer = answers[id] { return .answered(request: id, answer: answer, isFirst: false) }
            effects += 1
            answers[id] = effects
            digest.mix(id << 1 | 1)
            if isRevocation { verdicts.mix(id) }
            return .answered(request: id, answer: effects, isFirst: true)
        }
    }

    /// What a snapshot that lacks them would leave.
    mutating func forgetAnswers() { answers = [:] }
}
