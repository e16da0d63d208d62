import EventLoop
import HashTreeCollections
import Raft
import TrustStore

extension Node {
    /// Waits until this member has applied `index` (`Credence-Min-Index`).
    func waitUntilApplied(_ index: LogIndex, timeout: Duration) async throws(ProposeError) -> LogIndex {
        try checkRunning()
        guard appliedIndex < index else { return appliedIndex }
        let deadline = MonotonicInstant.now() + timeout
        let key = reads.makeKey()
        return try await cancellable { waiter in
            indexWaiters.add(index, key: key, until: deadline, waiter)
        } onCancel: { $0.indexWaiters.cancel(key) }
    }

    /// Asks the leader's ReadIndex and waits until it is applied here: what is read afterwards holds
    /// every change acknowledged before this call (thesis §6.4).
    func readBarrier(timeout: Duration) async throws(ProposeError) -> LogIndex {
        try checkRunning()
        let deadline = MonotonicInstant.now() + timeout
        let key = reads.makeKey()
        return try await cancellable { waiter in
            reads.add(key: key, deadline: deadline, waiter)
            askBarriers(now: .now())
        } onCancel: { $0.reads.cancel(key) }
    }

    /// Waits until a change that was acknowledged just now holds on every member: each has applied it,
    /// or could not vouch without it any more. At the latest that is `max_staleness` from now, by a
    /// clock that may run fast by its error bound. Of a member that may vouch for longer, by its policy or because it
    /// has not heard of a new one, that is not known then.
    func untilEverywhere(_ index: LogIndex) async throws(ProposeError) -> [MemberEffect] {
        try checkRunning()
        let bound = state.settings.maxStalenessMilliseconds
        let until = MonotonicInstant.now() + .milliseconds(bound + bound / 100 + 50)
        let key = reads.makeKey()
        return try await cancellable { waiter in
            effects.add(index, key: key, until: until, waiter)
            settleEffects(now: .now())
        } onCancel: { $0.effects.cancel(key) }
    }

    /// A removed member may go on vouching from what it knew, until it is stale: that it was told does not prove that it
    /// heard. One that may go by an older bound or policy counts for as long as any bound; under the policy `serve` an
    /// untold one counts for good.
    private func removedThatMayVouch(now: MonotonicInstant, refuses: Bool, since: LogIndex) -> [EffectWaiters.Progress] {
        state.removedMembers.values.sorted { ($0.index, $0.id) < ($1.index, $1.id) }.compactMap { removed in
            let seen = removedSeen[removed.id] ?? RemovalSeen(at: now, appliedIndex: .zero)
            guard refuses else {
                // What a recovery left behind is no part of this cluster any more.
                if removed.isLeftBehind || removedTold.contains(removed.id) { return nil }
                return EffectWaiters.Progress(member: removed.name, index: .zero, refusesWhenStale: false)
            }
            let goesByThis = seen.appliedIndex >= since
            let bound = goesByThis ? state.settings.maxStalenessMilliseconds : ClusterSettings.maxStalenessRange.upperBound
            guard now - seen.at <= .milliseconds(bound + bound / 100 + 50) else { return nil }
            return EffectWaiters.Progress(member: removed.name, index: .zero, refusesWhenStale: goesByThis)
        }
    }

    func settleEffects(now: MonotonicInstant) {
        effects.settle(now: now) {
            let refuses = state.settings.stalenessPolicy == .refuse
            let since = state.cluster?.freshnessSince ?? .zero
            return state.members.values.sorted { $0.name < $1.name }.map { member in
                let index = member.id == identity.id ? appliedIndex : reports[member.id]?.report.appliedIndex ?? .zero
                return EffectWaiters.Progress(member: member.name, index: index, refusesWhenStale: refuses && index >= since)
            } + removedThatMayVouch(now: now, refuses: refuses, since: since)
        }
    }

    /// A wait that ends early when the task that waits is cancelled, because its caller hung up.
    private func cancellable<Value: Sendable>(
        _ wait: (@escaping (Result<Value, ProposeError>) -> Void) -> Void,
        onCancel: @escaping @Sendable (isolated Node) -> Void
    ) async throws(ProposeError) -> Value {
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation(isolation: self) { continuation in wait { continuation.resume(returning: $0) } }
        } onCancel: {
            // Later, on the loop: also when the task was cancelled before it began to wait.
            loop.execute { [weak self] in self?.assumeIsolated { onCancel($0) } }
        }
        return try answer.get()
    }

    /// Barriers that arrive together, or while a question is out, share one question.
    func askBarriers(now: MonotonicInstant) {
        guard core.leader != nil, let id = reads.takeQuestion(now: now) else { return }
        step(.readIndex(id: id))
    }

    func confirmed(_ read: ConfirmedRead) {
        reads.confirm(read)
        settleReads()
    }

    func failedRead(_ id: UInt64) {
        reads.failed(id)
    }

    func settleReads() {
        let proof = reads.takeProof(applied: appliedIndex)
        if let proof, quarantine == nil { box.view.proven.advance(to: proof) }
        reads.answerBarriers(applied: appliedIndex)
    }

    /// A tenth of the bound: twice the rate the promise needs, so that one lost question changes nothing.
    func keepFresh(now: MonotonicInstant) {
        let period = Duration.milliseconds(box.view.freshnessRule.maxStalenessMilliseconds / 10)
        if let last = reads.lastFreshnessAskedAt, now - last < period { return }
        guard core.leader != nil, quarantine == nil else { return }
        step(.readIndex(id: reads.askFreshness(at: now)))
    }
}
