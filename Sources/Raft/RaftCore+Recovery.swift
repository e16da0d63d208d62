/// A member whose disk lost what it had acknowledged: docs/consensus.md §10.
///
/// What it acknowledged may be committed by its word, so until it holds all of that again it must not help to
/// elect a leader that lacks it. It takes entries and acknowledges truthfully, which is how it recovers.
extension RaftCore {
    /// A leader may believe that this member holds more than it does, and would wait for ever.
    mutating func confessLoss(to member: MemberID) {
        guard recoversUntil != nil else { return }
        send(to: member, .appendReply(.lost(after: log.last)))
    }

    /// At least the acknowledged position, in Raft's own order of logs: the same leader's log up to there, or
    /// a later leader's, which has all that was committed.
    mutating func recoverIfComplete() {
        guard let mark = recoversUntil, incoming == nil, let term = log.term(at: disk.durable),
            LogPosition(term: term, index: disk.durable) >= mark else { return }
        recoversUntil = nil
        output.events.append(.recovered)
    }
}
