import Raft

extension Checker {
    /// W1, W2, W4, W7: what a message promises must be on its sender's disk when it leaves.
    func sends(_ message: Message, by member: Member, members: [Member]) throws(Violation) {
        switch message.body {
        case .preVote(let request):
            if request.last != member.disk.last {
                try fail("W2", "member \(member.slot) asks ahead for \(request.last), its disk ends at \(member.disk.last)")
            }
            return
        case .preVoteReply(let reply) where reply.isGranted: return
        default: break
        }
        if member.disk.hardState.term < message.term {
            try fail("W1", "member \(member.slot) speaks in term \(message.term), its disk knows \(member.disk.hardState.term)")
        }
        switch message.body {
        case .vote(let request):
            if member.disk.hardState != HardState(term: message.term, vote: member.id) {
                try fail("W1", "candidate \(member.slot) asks before its own vote is durable")
            }
            if request.last != member.disk.last {
                try fail("W2", "candidate \(member.slot) names \(request.last), its disk ends at \(member.disk.last)")
            }
            try voted(member.id, for: member.id, in: message.term)
        case .voteReply(let reply) where reply.isGranted:
            if member.disk.hardState.term == message.term, member.disk.hardState.vote != message.to {
                try fail("W1", "member \(member.slot) grants a vote that its disk does not hold")
            }
            try voted(member.id, for: message.to, in: message.term)
        case .appendReply(.accepted(let through)):
            try acknowledges(through, in: message.term, to: members[message.to.slot], by: member)
        case .append(let request):
            try appends(request, by: member)
        default: break
        }
    }

    /// Every acknowledged entry is on the sender's disk, and is the leader's.
    private func acknowledges(
        _ through: LogIndex, in term: Term, to leader: Member, by member: Member
    ) throws(Violation) {
        guard through > .zero else { return }
        guard Int(through.rawValue) <= member.disk.chains.count else {
            try fail("W1", "member \(member.slot) acknowledges \(through), its disk ends at \(member.disk.last)")
        }
        guard member.disk.holds(through, chain: member.disk.chains[Int(through.rawValue) - 1]) else {
            try fail("W1", "member \(member.slot) acknowledges \(through), which its disk cannot read")
        }
        guard leader.isLeader, leader.term == term else { return }
        if leader.chain(at: through) != member.disk.chains[Int(through.rawValue) - 1] {
            try fail("W1", "member \(member.slot) acknowledges \(through), which is not the leader's entry")
        }
    }

    private func appends(_ request: AppendRequest, by member: Member) throws(Violation) {
        var previous = request.previous
        guard member.term(at: previous.index) == previous.term else {
            try fail("W7", "member \(member.slot) names \(previous), which is not in its log")
        }
        for entry in request.entries {
            guard entry.index == previous.index.next, entry.term >= previous.term,
                member.term(at: entry.index) == entry.term else {
                try fail("W7", "member \(member.slot) sends \(entry.position) after \(previous)")
            }
            previous = entry.position
        }
    }

    /// W5: the configuration in force is the newest in the log; a leader appends one only after committing in
    /// its own term, one at a time, one voter apart.
    func configurations(of member: Member) throws(Violation) {
        if member.isUp, member.believesConfiguration != member.configuration {
            try fail("W5", "member \(member.slot) acts on a configuration that its log does not end with")
        }
    }

    func changesConfiguration(_ member: Member, to record: ConfigurationRecord) throws(Violation) {
        guard member.isLeader, let before = member.configurations.last else { return }
        if before.index > committedIndex {
            try fail("W5", "leader \(member.slot) changes the voters while the change at \(before.index) is uncommitted")
        }
        if before.configuration.difference(from: record.configuration).count > 1 {
            try fail("W5", "leader \(member.slot) changes more than one voter")
        }
        if committedIn(committedIndex) ?? .zero < member.term {
            try fail("W5", "leader \(member.slot) changes the voters before committing in its own term")
        }
    }
}
