import EventLoop
import HashTreeCollections
import Logging
import Raft
import TrustStore

/// Handing leadership over (docs/consensus.md §6).
extension Node {
    /// Hands leadership to the named member, or to the voter that is furthest along. Returns the new leader's name
    /// as soon as this member knows of it. From any member: the wish is carried to the leader.
    func transferLeadership(to name: String?, timeout: Duration) async throws(TransferError) -> String {
        switch run {
        case .running: break
        case .halted(let reason): throw .halted(reason)
        case .stopped: throw .stopping
        }
        let target = try name.map { (name) throws(TransferError) in try voter(named: name) }
        guard let leader = core.leader else { throw .noLeader }
        if let target, target == leader { throw .alreadyLeader(self.name(of: target)) }
        let deadline = MonotonicInstant.now() + timeout
        let result: Result<MemberID, TransferError> = await withCheckedContinuation(isolation: self) { continuation in
            let key = transfers.add(to: target, from: leader, until: deadline) { continuation.resume(returning: $0) }
            guard let key else { return continuation.resume(returning: .failure(.notTakenOver)) }
            if leader == identity.id {
                step(.transferLeadership(id: key, to: target))
            } else {
                send(.transfer(to: target), to: leader)
                flushLinks()
            }
        }
        return self.name(of: try result.get())
    }

    private func voter(named name: String) throws(TransferError) -> MemberID {
        guard let record = state.member(named: name) else { throw .unknownMember(name) }
        guard core.configuration.isVoter(record.id) else { throw .notVoter(name) }
        return record.id
    }

    /// Another member asks this one, which it takes for the leader. It watches for the new leader by itself.
    func transferAsked(to target: MemberID?, by member: MemberID) {
        logger.notice("handing leadership over", metadata: ["asked_by": "\(name(of: member))"])
        step(.transferLeadership(id: 0, to: target))
    }

    func received(_ result: TransferResult) {
        switch result.outcome {
        case .started(let target):
            logger.notice("handing leadership over", metadata: ["to": "\(name(of: target))"])
        case .rejected(let rejection): transfers.fail(result.id, TransferError(rejection, name: name(of:)))
        case .aborted: transfers.fail(result.id, .notTakenOver)
        case .leadershipLost: break  // whoever leads next is the answer
        }
    }

    /// Before this member stops: a leader that just fell silent would be missed for an election timeout.
    func handOver(within limit: Duration) async {
        guard run == .running, core.isLeader, core.configuration.voters.count > 1 else { return }
        do throws(TransferError) {
            let successor = try await transferLeadership(to: nil, timeout: limit)
            logger.notice("handed leadership over before stopping", metadata: ["to": "\(successor)"])
        } catch {
            logger.warning("leadership could not be handed over before stopping", metadata: ["reason": "\(error)"])
        }
    }
}

extension TransferError {
    init(_ rejection: TransferRejection, name: (MemberID) -> String) {
        switch rejection {
        case .notLeader: self = .noLeader
        case .targetIsNoVoter(let member): self = .notVoter(name(member))
        case .targetIsLeader: self = .notTakenOver
        case .targetIsSilent(let member): self = .silent(name(member))
        case .nobodyToTakeOver: self = .nobodyToTakeOver
        }
    }
}
