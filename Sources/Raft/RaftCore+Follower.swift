/// The receiving side of replication: Raft §5.3 and figure 2; docs/consensus.md §4.
extension RaftCore {
    mutating func receive(_ request: AppendRequest, from member: MemberID) {
        guard follow(member) else { return }
        // A log that is being replaced takes nothing in; the leader sends it again.
        guard incoming?.holdsLog != true else { return }
        guard request.previous.index >= log.base.index || mutated(.conflictsBelowBase) else {
            // The position is inside our snapshot, so everything there is committed: success, never a
            // conflict. How far is what we hold for certain (openraft 44381b0c).
            let through = max(log.base.index, min(commitIndex, disk.durable))
            return send(to: member, .appendReply(.accepted(through: through)))
        }
        guard log.term(at: request.previous.index) == request.previous.term else {
            if request.previous.index <= commitIndex {
                return stop(.committedEntryContradicted(at: request.previous.index, by: member))
            }
            let hint = log.lastPosition(atOrBelow: request.previous.index, termAtMost: request.previous.term)
            return send(to: member, .appendReply(.rejected(previous: request.previous.index, hint: hint)))
        }
        guard takeIn(request, from: member) else { return }
        // Only what this request has shown to be the leader's may be called committed; the rest of our log may
        // be about to go (figure 2, "index of last new entry"; cowsql 000eacf2).
        commit(through: min(request.commit, mutated(.commitIsUncapped) ? lastIndex : request.through))
        acknowledge(through: mutated(.acknowledgesWholeLog) ? lastIndex : request.through, to: member)
    }

    /// Skips what we hold, removes from the first real conflict on, appends the rest. A late duplicate must
    /// remove nothing: what it lacks may be acknowledged already (Raft §5.3).
    private mutating func takeIn(_ request: AppendRequest, from member: MemberID) -> Bool {
        var news = request.entries[...]
        if !mutated(.alwaysTruncates) {
            news = news.drop { log.term(at: $0.index) == $0.term }
        }
        guard let first = news.first else { return true }
        if first.index <= lastIndex {
            guard first.index > commitIndex else {
                stop(.committedEntryContradicted(at: first.index, by: member))
                return false
            }
            truncate(from: first.index)
        }
        for entry in news { append(entry) }
        return alarm == nil
    }

    /// Says that everything through `index` equals the leader's log, once all of it is durable. `index` comes
    /// from the request and is never "our last entry", which the leader may know nothing of (CCF#6016).
    private mutating func acknowledge(through index: LogIndex, to member: MemberID) {
        let operation = mutated(.acknowledgesUnsynced) ? nil : disk.operation(covering: index)
        send(to: member, .appendReply(.accepted(through: index)), after: operation)
    }

    /// Heartbeats need no disk: a slow one must not look like a dead member.
    mutating func receive(_ heartbeat: Heartbeat, from member: MemberID) {
        guard follow(member) else { return }
        // The leader never tells more than we acknowledged in this term, and that cannot be gone.
        // A member that knows of its loss says so instead, and takes the commit index from appends alone.
        confessLoss(to: member)
        let isWhole = lost == nil && incoming?.holdsLog != true
        guard heartbeat.commit <= lastIndex || !isWhole else {
            return stop(.acknowledgedEntriesMissing(commit: heartbeat.commit, last: lastIndex))
        }
        if isWhole { commit(through: heartbeat.commit) }
        send(to: member, .heartbeatReply(round: heartbeat.round))
    }
}
