/// Handing leadership over: thesis §3.10; docs/consensus.md §6.
extension RaftCore {
    mutating func transferLeadership(id request: UInt64, to wanted: MemberID?) {
        let target: MemberID
        do throws(TransferRejection) {
            target = try transferTarget(wanted)
        } catch {
            return answerTransfer(request, .rejected(error))
        }
        if transfer?.target != target {
            // The latest wish counts; the earlier one is over.
            endTransfer(.aborted)
            beginTransfer(to: target)
        }
        // Whoever asks again with the same id is answered once more, and not remembered twice.
        if !transferRequests.contains(request) { transferRequests.append(request) }
        answerTransfer(request, .started(to: target))
        continueTransfer()
    }

    mutating func beginTransfer(to target: MemberID) {
        transfer = Transfer(target: target, deadline: clock.now + UInt64(settings.electionTicks))
        // What is asked from now on could be answered after the target has taken over.
        failReads()
        continueTransfer()
    }

    func transferTarget(_ wanted: MemberID?) throws(TransferRejection) -> MemberID {
        guard isLeader else { throw .notLeader(leader: leader) }
        guard wanted != id else { throw .targetIsLeader }
        if let wanted {
            guard configuration.isVoter(wanted), let slot = reign.slot(of: wanted) else { throw .targetIsNoVoter(wanted) }
            guard reign.peers[slot].isProvenActive(at: clock.now, within: settings.electionTicks) else { throw .targetIsSilent(wanted) }
            return wanted
        }
        let candidates = reign.peers.filter {
            configuration.isVoter($0.id) && $0.isProvenActive(at: clock.now, within: settings.electionTicks)
                && !$0.heals(at: clock.now, patience: healingPatience)
        }
        guard let best = candidates.max(by: { ($0.match, $1.id) < ($1.match, $0.id) }) else { throw .nobodyToTakeOver }
        return best.id
    }

    /// Tells the target to campaign once it holds everything, durably; until then it could not win.
    mutating func continueTransfer() {
        guard isLeader, let transfer, !transfer.isTold, let slot = reign.slot(of: transfer.target),
            reign.peers[slot].match == lastIndex || mutated(.transfersToLaggard) else { return }
        self.transfer?.isTold = true
        send(to: transfer.target, .timeoutNow(last: log.last))
    }

    /// Resumes when nothing came of it within E, or when the target may not lead any more.
    mutating func tickTransfer() {
        guard let transfer else { return }
        if clock.now >= transfer.deadline || !configuration.isVoter(transfer.target) { endTransfer(.aborted) }
    }

    mutating func endTransfer(_ outcome: TransferResult.Outcome) {
        guard transfer != nil else { return }
        transfer = nil
        for request in transferRequests { answerTransfer(request, outcome) }
        transferRequests = []
    }

    private mutating func answerTransfer(_ request: UInt64, _ outcome: TransferResult.Outcome) {
        output.transfers.append(TransferResult(id: request, outcome: outcome))
    }

    /// The leader wants us to take over. Only a voter that holds all the leader holds, durably, may do so
    /// (cowsql be9065fa, openraft#1805).
    mutating func receiveTimeoutNow(last: LogPosition, from member: MemberID) {
        guard member == leader, configuration.isVoter(id), log.last >= last, canCampaign else { return }
        campaign(isTransfer: true)
    }
}
