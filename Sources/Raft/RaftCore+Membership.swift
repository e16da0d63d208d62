/// Changes of voters, one at a time and in force from append on; learners (thesis §4; docs/consensus.md §7).
extension RaftCore {
    mutating func propose(_ configuration: Configuration, id proposal: UInt64) {
        if let rejection = rejection(of: configuration) {
            output.proposals.append(ProposalResult(id: proposal, outcome: .rejected(rejection)))
            return
        }
        let entry = Entry(index: lastIndex.next, term: term, kind: .configuration, payload: configuration.encoded())
        append(entry)
        refreshPeers()
        output.proposals.append(ProposalResult(id: proposal, outcome: .accepted(entry.position)))
        replicateToAll()
        advanceCommit()
    }

    private func rejection(of proposed: Configuration) -> ProposalRejection? {
        guard isLeader else { return .notLeader(leader: leader) }
        guard transfer == nil || mutated(.transferTakesWrites) else { return .transferInProgress }
        // Two changes from one base, made in different terms, can have disjoint majorities; a committed entry
        // of our own term rules out the other one (Ongaro, raft-dev 2015-07-10).
        guard isSettled || mutated(.changesBeforeOwnTermCommit) else { return .leaderNotSettled }
        guard configurations.isCommitted(at: commitIndex) || mutated(.overlapsChanges) else { return .changeInProgress }
        guard lastIndex < .max else { return .busy }
        let changed = proposed.difference(from: configuration)
        guard let member = changed.first else { return .noChange }
        guard changed.count == 1 else { return .moreThanOneChange }
        guard !proposed.voters.isEmpty else { return .lastVoter }
        guard proposed.voters.count <= Configuration.votersMax else { return .tooManyVoters }
        // An empty voter would hold up commitment until it has caught up (thesis §4.2.1).
        if proposed.isVoter(member), !isReadyToVote(member) { return .notCaughtUp(member) }
        guard hasProvenMajority(of: proposed) else { return .noActiveMajority }
        return nil
    }

    /// A leader of a moment ago assumes that everybody is there, so as not to step down at once; a change that rests on that
    /// could give the votes to members that are gone.
    private func hasProvenMajority(of proposed: Configuration) -> Bool {
        let active = reign.peers.count {
            proposed.isVoter($0.id) && $0.isProvenActive(at: clock.now, within: settings.electionTicks)
        }
        return active + (proposed.isVoter(id) ? 1 : 0) >= proposed.majority
    }

    private func isReadyToVote(_ member: MemberID) -> Bool {
        guard member != id else { return true }
        guard learners.contains(member), let slot = reign.slot(of: member) else { return false }
        let peer = reign.peers[slot]
        return peer.isProvenActive(at: clock.now, within: settings.electionTicks)
            && peer.isCaughtUp(with: lastIndex, at: clock.now, within: settings.electionTicks)
    }

    mutating func setLearners(_ members: [MemberID]) {
        var sorted: [MemberID] = []
        for member in members.sorted() where sorted.last != member { sorted.append(member) }
        guard sorted != learners else { return }
        learners = sorted
        guard isLeader else { return }
        refreshPeers()
        replicateToAll()
    }

    /// Keeps what is known of members that stay: only the new start from nothing.
    mutating func refreshPeers() {
        let members = Configuration(voters: configuration.voters + learners).voters
        var peers: [Progress] = []
        for member in members where member != id {
            let isVoter = configuration.isVoter(member)
            if let slot = reign.slot(of: member) {
                var peer = reign.peers[slot]
                peer.isVoter = isVoter
                peers.append(peer)
            } else {
                peers.append(Progress(
                    id: member, isVoter: isVoter, last: lastIndex, now: mutated(.newMembersAreSilent) ? 0 : clock.now))
            }
        }
        reign.peers = peers
    }
}
