import HashTreeCollections
import Raft
import Tokens
import TrustStore

extension Node {
    /// Applies committed entries in order and makes their effect visible before anybody is told of it.
    func apply(_ entries: [Entry]) {
        guard let last = entries.last else { return }
        var answers: [(RequestID, CommandOutcome)] = []
        var touched = Set<StateCollection>()
        for entry in entries {
            var changes: [StateChange] = []
            if entry.kind == .command {
                guard let command = decoded(entry) else { return }
                let transition = state.applying(command, at: entry.index)
                state = transition.state
                changes = transition.changes
                touched.formUnion(changes.map(\.collection))
                answers.append((command.requestID, transition.outcome))
            }
            storage.record(changes, through: entry.position)
            appliedIndex = entry.index
        }
        if touched.contains(.signingKeys) { rebuildKeys() }
        box.replace(MemberView(tokens: TokenView(state: state, keys: keys), index: last.index))
        if touched.contains(.members) { membershipChanged() }
        if touched.contains(.cluster) { publishServerIdentity() }
        step(.applied(through: last.index))
        settle(answers)
    }

    /// Nil when this version cannot read the command: it then stops applying, rather than skip an
    /// entry that other members obeyed.
    private func decoded(_ entry: Entry) -> Command? {
        do throws(CommandError) {
            return try Command(decoding: entry.payload)
        } catch {
            halt("entry \(entry.index) cannot be applied: \(error)")
            return nil
        }
    }

    private func settle(_ answers: [(RequestID, CommandOutcome)]) {
        for (id, outcome) in answers {
            guard let proposal = pending.removeValue(forKey: id) else { continue }
            proposal.answer(Self.answer(outcome))
        }
        indexWaiters.applied(appliedIndex)
        settleReads()
    }

    static func answer(_ outcome: CommandOutcome) -> PendingProposal.Answer {
        switch outcome {
        case .done(let result): .success(Committed(index: result.index, result: result))
        case .refused(let refusal): .failure(.refused(refusal))
        }
    }

    /// A key that cannot be opened here is left out of the ring: its tokens are then refused, not guessed at.
    private func rebuildKeys() {
        keys = keys.updated(to: state, unseal: identity.custody.open(_:))
    }

    /// The learners and the links follow the replicated membership. The core leaves voters out of the learners.
    func membershipChanged() {
        step(.setLearners(state.members.values.map(\.id).sorted()))
        updateLinks()
    }
}
