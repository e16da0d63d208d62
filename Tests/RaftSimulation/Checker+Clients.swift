import Raft

/// What clients may rely on, and the state that it rests on (docs/consensus.md §11: C2, C3, C6, G4).
extension Checker {
    /// C2: a request takes effect once, at one index. G4 and C6: equal index, equal state and equal verdicts.
    func effect(_ effect: Machine.Effect, at index: LogIndex, on member: Member) throws(Violation) {
        let place = Int(index.rawValue)
        while states.count <= place { states.append(nil) }
        let state = State(all: member.machine.hash, verdicts: member.machine.verdictHash)
        if let known = states[place] {
            if known.verdicts != state.verdicts { try fail("C6", "member \(member.slot) judges by another state at \(index)") }
            if known.all != state.all { try fail("G4", "member \(member.slot) has another state at \(index)") }
        } else {
            states[place] = state
        }
        guard case .answered(let id, let answer, let isFirst) = effect, isFirst else { return }
        if let known = effects[id] {
            if known.index != index { try fail("C2", "request \(id) takes effect at \(known.index) and at \(index)") }
        } else {
            effects[id] = Effect(index: index, answer: answer)
        }
    }

    /// C2: every answer is the first one.
    func answered(_ id: UInt64, with answer: UInt64?, by member: Member) throws(Violation) {
        guard let known = effects[id] else { try fail("C2", "member \(member.slot) answers request \(id), which nobody has applied") }
        if known.answer != answer { try fail("C2", "member \(member.slot) answers request \(id) otherwise than at first") }
        acknowledged.append(id)
    }

    func effectIndex(of id: UInt64) -> LogIndex? { effects[id]?.index }

    /// C3: what was acknowledged is there in the end.
    func holdsAcknowledged(_ member: Member) throws(Violation) {
        for id in acknowledged where member.machine.answer(to: id) != effects[id]?.answer {
            try fail("C3", "member \(member.slot) lacks the acknowledged request \(id)")
        }
    }
}
