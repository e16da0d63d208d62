/// What callers ask to be appended.
extension RaftCore {
    mutating func propose(_ proposals: [Proposal]) {
        let before = lastIndex
        for proposal in proposals {
            if let rejection = rejection(of: proposal) {
                output.proposals.append(ProposalResult(id: proposal.id, outcome: .rejected(rejection)))
                continue
            }
            let entry = Entry(index: lastIndex.next, term: term, kind: .command, payload: proposal.payload)
            append(entry)
            reign.uncommittedBytes += entry.payload.count
            output.proposals.append(ProposalResult(id: proposal.id, outcome: .accepted(entry.position)))
        }
        if lastIndex > before { replicateToAll() }
    }

    private func rejection(of proposal: Proposal) -> ProposalRejection? {
        guard isLeader else { return .notLeader(leader: leader) }
        // The target could never catch up with a log that grows (hashicorp#581).
        guard transfer == nil || mutated(.transferTakesWrites) else { return .transferInProgress }
        let bytes = proposal.payload.count
        guard bytes <= settings.maxEntryBytes else { return .tooLarge(bytesMax: settings.maxEntryBytes) }
        // Counted in entries too, or empty payloads would have no bound.
        guard commitIndex.distance(to: lastIndex) < settings.maxUncommittedEntries, lastIndex < .max else { return .busy }
        // A single entry always fits, or a small bound could refuse everything for ever.
        guard reign.uncommittedBytes == 0 || reign.uncommittedBytes + bytes <= settings.maxUncommittedBytes else {
            return .busy
        }
        return nil
    }
}
