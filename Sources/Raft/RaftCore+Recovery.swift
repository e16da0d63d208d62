/// A member whose disk lost what it had acknowledged: docs/consensus.md §10.
///
/// What it acknowledged may be committed by its word, so until it holds all of that again it must not help to
/// elect a leader that lacks it. It takes entries and acknowledges truthfully, which is how it recovers.
extension RaftCore {
    /// A leader may believe that this member holds more than it does, and would wait for ever.
    mutating func confessLoss(to member: MemberID) {
        guard lost != nil else { return }
        send(to: member, .appendReply(.lost(after: log.last)))
    }

    mutating func recoverIfComplete() {
        guard let mark = lost, incoming == nil, let term = log.term(at: disk.durable) else { return }
        let isBack = disk.durable >= mark.position.index && log.holds(mark.position)
        guard mark.isMet(holdsPosition: isBack, lastTerm: term) else { return }
        lost = nil
        output.events.append(.recovered)
    }
}
