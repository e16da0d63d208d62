/// The sending side of replication, and commitment: Raft §5.3, §5.4; thesis §10.2; docs/consensus.md §4, §9.
extension RaftCore {
    mutating func becomeLeader() {
        standing = .leader
        leader = id
        clock.leaderLost()
        reign = Reign()
        reign.retryDueAt = clock.now + UInt64(settings.heartbeatTicks)
        var index = commitIndex.next
        while let entry = log.entry(at: index) {
            if entry.kind == .command { reign.uncommittedBytes += entry.payload.count }
            index = index.next
        }
        refreshPeers()
        // Nothing of earlier terms can be committed before an entry of our own (Raft §5.4.2, §8).
        append(Entry(index: lastIndex.next, term: term, kind: .noop, payload: []))
        replicateToAll()
        startHeartbeatRound()
    }

    mutating func tickAsLeader() {
        // A leader that cannot write must not keep the others from electing one that can (hashicorp#503).
        if disk.oldestWriteAge(at: clock.now) > UInt64(settings.electionTicks / 2), !mutated(.leadsWithStuckDisk) {
            return stepDown(.diskStalled)
        }
        guard hasActiveMajority(of: configuration) else { return stepDown(.quorumLost) }
        tickTransfer()
        tickHealingAsLeader()
        if clock.now >= reign.retryDueAt { return retryAsLeader() }
        guard clock.now >= reign.heartbeatDueAt else { return }
        startHeartbeatRound()
    }

    /// At a pace that only the clock sets: heartbeat rounds that reads start must not put this off.
    private mutating func retryAsLeader() {
        reign.retryDueAt = clock.now + UInt64(settings.heartbeatTicks)
        for slot in reign.peers.indices { reign.peers[slot].askAgain() }
        releaseSnapshots()
        let isRemoved = configurations.isCommitted(at: commitIndex) && !configuration.isVoter(id)
        if isRemoved || clock.now >= reign.heartbeatDueAt { startHeartbeatRound() }
        // Removed, and the removal is committed: one more heartbeat has told so, now make room (thesis §4.2.2).
        if isRemoved { stepDown(.removed) }
    }

    /// CheckQuorum (thesis §6.2): whether a majority of these voters was heard of within E.
    func hasActiveMajority(of configuration: Configuration) -> Bool {
        let active = reign.peers.count {
            configuration.isVoter($0.id) && $0.isActive(at: clock.now, within: settings.electionTicks)
        }
        return active + (configuration.isVoter(id) ? 1 : 0) >= configuration.majority
    }

    mutating func startHeartbeatRound() {
        reign.heartbeatDueAt = clock.now + UInt64(settings.heartbeatTicks)
        let knowsCommitted = isSettled || mutated(.readsBeforeOwnTermCommit)
        reign.reads.startRound(at: knowsCommitted ? commitIndex : nil, isNumbered: !mutated(.reusesRounds))
        for slot in reign.peers.indices { sendHeartbeat(to: slot) }
        confirmReads()
    }

    /// The commit index told is never above what the receiver has acknowledged: its log may still differ
    /// beyond that (docs/consensus.md §4).
    private mutating func sendHeartbeat(to slot: Int) {
        let told = mutated(.heartbeatTellsAll) ? commitIndex : min(reign.peers[slot].match, commitIndex)
        reign.peers[slot].commitTold = max(reign.peers[slot].commitTold, told)
        send(to: reign.peers[slot].id, .heartbeat(Heartbeat(commit: told, round: reign.reads.lastRound)))
    }

    /// Tells peers of a newer commit index at once instead of at the next heartbeat.
    mutating func announceCommit() {
        guard isLeader else { return }
        for slot in reign.peers.indices where min(reign.peers[slot].match, commitIndex) > reign.peers[slot].commitTold {
            sendHeartbeat(to: slot)
        }
    }

    // MARK: Sending entries

    mutating func replicateToAll() {
        for slot in reign.peers.indices { replicate(to: slot) }
    }

    /// Sends what the peer lacks, as far as its window allows.
    mutating func replicate(to slot: Int) {
        if reign.peers[slot].awaitsOffer { offerSnapshot(to: slot) }
        while reign.peers[slot].hasRoom(inflightMax: settings.maxInflight) {
            let next = reign.peers[slot].next
            guard next <= lastIndex || reign.peers[slot].phase != .replicating else { return }
            guard next > log.base.index else {
                return mutated(.unknownTermIsZero) ? sendAppend([], to: slot) : beginSnapshot(for: slot)
            }
            if next < log.firstHeld { return requestLoad(for: slot) }
            let entries = log.entries(
                from: next, countMax: settings.maxBatchEntries, bytesMax: settings.maxBatchBytes)
            sendAppend(mutated(.skipsAnEntry) && entries.count > 1 ? Array(entries.dropFirst()) : entries, to: slot)
        }
    }

    private mutating func sendAppend(_ entries: [Entry], to slot: Int) {
        let before = reign.peers[slot].next.previous
        guard let term = log.term(at: before) ?? (mutated(.unknownTermIsZero) ? .zero : nil) else { return }
        let request = AppendRequest(
            previous: LogPosition(term: term, index: before), entries: entries, commit: commitIndex)
        reign.peers[slot].sent(through: request.through)
        send(to: reign.peers[slot].id, .append(request))
    }

    private mutating func requestLoad(for slot: Int) {
        lastLoad += 1
        reign.peers[slot].load = lastLoad
        let first = reign.peers[slot].next
        let last = min(log.firstHeld.previous, first.advanced(by: settings.maxBatchEntries - 1))
        output.loads.append(LoadRequest(
            id: lastLoad, peer: reign.peers[slot].id, first: first, last: last, bytesMax: settings.maxBatchBytes))
    }

    mutating func receive(_ loaded: LoadedEntries) {
        guard let slot = reign.peers.firstIndex(where: { $0.load == loaded.id }) else { return }
        reign.peers[slot].load = nil
        // The peer may have moved meanwhile; then the next heartbeat's answer asks again.
        guard reign.peers[slot].hasRoom(inflightMax: settings.maxInflight) else { return }
        var batch: [Entry] = []
        var bytes = 0
        for entry in loaded.entries.prefix(settings.maxBatchEntries) {
            guard entry.index == reign.peers[slot].next.advanced(by: batch.count),
                log.term(at: entry.index) == entry.term else { return }
            bytes += entry.payload.count
            if bytes > settings.maxBatchBytes, !batch.isEmpty { break }
            batch.append(entry)
        }
        guard !batch.isEmpty else { return }
        sendAppend(batch, to: slot)
        replicate(to: slot)
    }

    // MARK: Answers

    mutating func receive(_ reply: AppendReply, from member: MemberID) {
        guard isLeader, let slot = reign.slot(of: member) else { return }
        reign.peers[slot].heard(at: clock.now)
        switch reply {
        case .accepted(let through):
            guard through <= lastIndex else {
                return output.events.append(.ignoredMessage(from: member, reason: "acknowledges what was never sent"))
            }
            reign.peers[slot].accepted(through: through, last: lastIndex, now: clock.now)
            advanceCommit()
            continueTransfer()
        case .rejected(let previous, let hint):
            guard reign.peers[slot].isCurrentRejection(of: previous) || mutated(.believesLateRejections) else { return }
            let candidate = log.lastPosition(atOrBelow: hint.index, termAtMost: hint.term)
            reign.peers[slot].rejected(of: previous, retryAfter: candidate.index)
        case .lost(let after):
            // What lies below the log's base is not known here, but the peer holds no more than it says.
            let candidate = log.lastPosition(atOrBelow: after.index, termAtMost: after.term)
            reign.peers[slot].lost(retryAfter: min(candidate.index, after.index))
        }
        replicate(to: slot)
    }

    mutating func receiveHeartbeatReply(round: UInt64, from member: MemberID) {
        guard isLeader, let slot = reign.slot(of: member), round <= reign.reads.lastRound else { return }
        reign.peers[slot].heard(at: clock.now)
        reign.peers[slot].roundAcknowledged = max(reign.peers[slot].roundAcknowledged, round)
        confirmReads()
        replicate(to: slot)
        probeIfStuck(slot)
    }

    /// Appends or their answers may be lost without a later one to show it. An empty append tells: refused, we
    /// go back; accepted, everything before it is there. It takes no place in the window, so that a full window
    /// cannot wedge it (docs/consensus.md §9).
    private mutating func probeIfStuck(_ slot: Int) {
        let peer = reign.peers[slot]
        let pause = UInt64(settings.heartbeatTicks)
        guard peer.phase == .replicating, peer.load == nil, peer.match < lastIndex, clock.now - peer.lastAdvance >= pause,
            clock.now - peer.probedAt >= pause else { return }
        // What was under way is lost, and gone from the log.
        guard peer.next > log.base.index else { return beginSnapshot(for: slot) }
        reign.peers[slot].probedAt = clock.now
        sendAppend([], to: slot)
    }

    // MARK: Commitment

    /// Whether this leader has committed in its own term and so knows what is committed (Raft §8).
    var isSettled: Bool { log.term(at: commitIndex) == term }

    /// Recomputed from scratch on every acknowledgement, on own durability and on configuration changes.
    mutating func advanceCommit() {
        guard isLeader else { return }
        let own = mutated(.leaderCountsUnsynced) ? lastIndex : disk.durable
        let agreed = LogIndex(quorumValue(own: own.rawValue) { $0.match.rawValue })
        // Raft §5.4.2, figure 8: an entry of an earlier term on a majority may still be replaced; only one of
        // our own term settles what comes before it.
        guard agreed > commitIndex, mutated(.commitsEarlierTerms) || log.term(at: agreed) == term else { return }
        let wasSettled = isSettled
        commit(through: agreed)
        if !wasSettled, reign.reads.isWaiting { startHeartbeatRound() }
    }

    /// The largest value that a majority of the voters has reached; this member's own counts only if it votes.
    func quorumValue(own: UInt64, of value: (Progress) -> UInt64) -> UInt64 {
        var values: [UInt64] = []
        var majority = configuration.majority
        for peer in reign.peers where peer.isVoter || mutated(.countsLearners) { values.append(value(peer)) }
        if configuration.isVoter(id) || mutated(.removedLeaderCounts) { values.append(own) }
        if mutated(.majorityOffByOne) { majority = (configuration.voters.count + 1) / 2 }
        guard majority > 0, values.count >= majority else { return 0 }
        if !mutated(.quorumUnsorted) { values.sort(by: >) }
        return values[majority - 1]
    }
}
