import HashTreeCollections
import Logging
import EventLoop
import Raft
import TrustStore

extension Node {
    /// Changes that may wait on one member at a time.
    static let pendingMax = 8_192

    /// Carries a change to the leader and waits until this member's view contains it.
    func propose(
        _ body: CommandBody, by actor: TrustStore.Actor, requestID: RequestID, timeout: Duration
    ) async throws(ProposeError) -> Committed {
        try checkRunning()
        if let outcome = state.answer(to: requestID, kind: body.kind) {
            return try Self.answer(outcome).get()
        }
        if let underWay = pending[requestID], underWay.kind != body.kind {
            throw .refused(
                CommandRefusal(.requestReused, "this request id is in use for \(underWay.kind.rawValue); use a new one"))
        }
        if let trouble = storage.trouble { throw .storageUnavailable(trouble) }
        try checkLevel(of: body.kind)
        let deadline = MonotonicInstant.now() + timeout
        let encoded = TrustStore.Proposal(
            requestID: requestID, proposedAfter: appliedIndex, actor: actor, body: body
        ).encode()
        guard encoded.count <= TrustStore.Proposal.encodedBytesMax else { throw .tooLarge }
        let answer = await withCheckedContinuation(isolation: self) { continuation in
            wait(for: requestID, kind: body.kind, encoded: encoded, deadline: deadline) { continuation.resume(returning: $0) }
        }
        return try answer.get()
    }

    func checkRunning() throws(ProposeError) {
        switch run {
        case .running: if let quarantine { throw .halted(quarantine) }
        case .halted(let reason): throw .halted(reason)
        case .stopped: throw .stopping
        }
    }

    private func wait(
        for id: RequestID, kind: CommandKind, encoded: [UInt8], deadline: MonotonicInstant,
        _ waiter: @escaping PendingProposal.Waiter
    ) {
        if pending[id] != nil {
            // The same request twice at once (a client's retry): one change, two answers.
            pending[id]?.addWaiter(waiter)
        } else if pending.count >= Self.pendingMax {
            waiter(.failure(.busy))
        } else {
            pending[id] = PendingProposal(id: id, kind: kind, encoded: encoded, deadline: deadline, waiter: waiter)
            offer(id, now: .now())
        }
    }

    /// Offers again what a new leader has not been offered, or what an old offer seems to have lost.
    func offerPending(now: MonotonicInstant) {
        guard !pending.isEmpty, let leadership else { return }
        for proposal in Array(pending.values) where proposal.shouldOffer(to: leadership, now: now) {
            offer(proposal.id, now: now)
        }
    }

    private var leadership: PendingProposal.Leadership? {
        core.leader.map { PendingProposal.Leadership(leader: $0, term: core.term) }
    }

    private func offer(_ id: RequestID, now: MonotonicInstant) {
        guard let leadership, let encoded = pending[id]?.encoded else { return }
        if leadership.leader == identity.id {
            pending[id]?.offered(to: leadership, now: now)
            accept(encoded, from: .here)
        } else if send(.proposal(encoded), to: leadership.leader) {
            pending[id]?.offered(to: leadership, now: now)
        }
    }

    // MARK: - On the leader

    /// Stamps a proposal with the leader's time and puts it into the log.
    func accept(_ encoded: [UInt8], from origin: OfferTable.Origin) {
        let proposal: TrustStore.Proposal
        do throws(CommandError) {
            proposal = try TrustStore.Proposal(decoding: encoded)
        } catch {
            // The request id is inside what does not decode, so nobody can be told but the log.
            logger.warning("a proposal does not decode", metadata: ["reason": "\(error)"])
            return
        }
        guard core.role == .leader else { return reject(proposal.requestID, origin, .notLeader) }
        // A member that is ahead may believe in a level that this leader has not applied yet, or never will.
        guard proposal.body.kind.featureLevel <= state.featureLevel else {
            return reject(proposal.requestID, origin, .notUnderstood)
        }
        let command = Command(proposal, stampedAtMilliseconds: stamp())
        let offer = offers.add(command.encode(), requestID: proposal.requestID, origin: origin)
        if offer.isFirst {
            loop.execute { [weak self] in self?.assumeIsolated { $0.proposeBatch() } }
        }
    }

    private func proposeBatch() {
        let batch = offers.takeBatch()
        guard run == .running, !batch.isEmpty else { return }
        step(.proposeBatch(batch))
    }

    /// Never behind an earlier stamp: expiry is judged by these, and time must not run backwards in the log.
    private func stamp() -> Int64 {
        lastStampMilliseconds = max(WallClock.nowMilliseconds(), lastStampMilliseconds, state.appliedAtMilliseconds)
        return lastStampMilliseconds
    }

    func received(_ result: ProposalResult) {
        guard let offer = offers.take(result.id), case .rejected(let rejection) = result.outcome else { return }
        switch rejection {
        case .busy: reject(offer.requestID, offer.origin, .busy)
        case .tooLarge: reject(offer.requestID, offer.origin, .tooLarge)
        default: reject(offer.requestID, offer.origin, .notLeader)
        }
    }

    private func reject(_ id: RequestID, _ origin: OfferTable.Origin, _ obstacle: ProposalObstacle) {
        switch origin {
        case .here: rejected(id, obstacle, by: identity.id)
        case .member(let member): send(.proposalRejected(id, obstacle), to: member)
        case .configuration: break
        }
    }

    /// What the leader did not take is offered again at the next tick that knows a leader, until its
    /// deadline. A final refusal is passed on only when no earlier offer may still be in somebody's log.
    func rejected(_ id: RequestID, _ obstacle: ProposalObstacle, by member: MemberID) {
        guard let proposal = pending[id], proposal.offeredTo?.leader == member else { return }
        guard obstacle != .notLeader, proposal.wasOfferedOnce else {
            pending[id]?.rejected()
            return
        }
        pending[id] = nil
        proposal.answer(.failure(obstacle.error))
    }
}
