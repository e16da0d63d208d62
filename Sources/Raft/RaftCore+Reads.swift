/// Linearizable reads without writing to the log: ReadIndex (thesis §6.4; docs/consensus.md §5).
extension RaftCore {
    mutating func read(id read: UInt64) {
        if isLeader { return startRead(.local(id: read)) }
        guard let leader, forwardedReads.count < settings.maxPendingReads else {
            return output.failedReads.append(read)
        }
        let token = forwardedReads.add(id: read, deadline: clock.now + UInt64(settings.electionTicks))
        send(to: leader, .readIndex(token: token))
    }

    mutating func receiveReadRequest(token: UInt64, from member: MemberID) {
        guard isLeader else { return send(to: member, .readIndexReply(token: token, index: nil)) }
        startRead(.peer(member, token: token))
    }

    mutating func receiveReadReply(token: UInt64, index: LogIndex?, from member: MemberID) {
        guard member == leader, let read = forwardedReads.take(token: token) else { return }
        guard let index else { return output.failedReads.append(read) }
        output.reads.append(ConfirmedRead(id: read, index: index))
    }

    private mutating func startRead(_ origin: ReadRounds.Origin) {
        guard reign.reads.count < settings.maxPendingReads, transfer == nil else { return refuse(origin) }
        if mutated(.readsWithoutRound), isSettled { return answer(ReadRounds.Read(origin: origin, index: commitIndex)) }
        reign.reads.add(origin)
        // While a round is on its way the next one gathers what arrives; its answers start it.
        if (isSettled || mutated(.readsBeforeOwnTermCommit)), !reign.reads.isAsking { startHeartbeatRound() }
    }

    /// Answers the reads whose round a majority of voters has acknowledged, this member included if it votes.
    mutating func confirmReads() {
        let round = quorumValue(own: reign.reads.lastRound) { $0.roundAcknowledged }
        let confirmed = reign.reads.confirm(through: round)
        for read in confirmed { answer(read) }
        if !confirmed.isEmpty, reign.reads.isWaiting, !reign.reads.isAsking { startHeartbeatRound() }
    }

    mutating func failReads() {
        for origin in reign.reads.fail(keepsCounting: !mutated(.roundsOutliveTransfer)) { refuse(origin) }
    }

    private mutating func answer(_ read: ReadRounds.Read) {
        switch read.origin {
        case .local(let id): output.reads.append(ConfirmedRead(id: id, index: read.index))
        case .peer(let member, let token): send(to: member, .readIndexReply(token: token, index: read.index))
        }
    }

    private mutating func refuse(_ origin: ReadRounds.Origin) {
        switch origin {
        case .local(let id): output.failedReads.append(id)
        case .peer(let member, let token): send(to: member, .readIndexReply(token: token, index: nil))
        }
    }
}
