import EventLoop
import Raft

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

    /// A wait that ends early when the task that waits is cancelled, because its caller hung up.
    private func cancellable(
        _ wait: (@escaping ReadTable.Waiter) -> Void,
        onCancel: @escaping @Sendable (isolated Node) -> Void
    ) async throws(ProposeError) -> LogIndex {
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
        if let proof = reads.takeProof(applied: appliedIndex) { box.view.proven.advance(to: proof) }
        reads.answerBarriers(applied: appliedIndex)
    }

    /// A tenth of the bound: twice the rate the promise needs, so that one lost question changes nothing.
    func keepFresh(now: MonotonicInstant) {
        let period = Duration.milliseconds(box.view.freshnessRule.maxStalenessMilliseconds / 10)
        if let last = reads.lastFreshnessAskedAt, now - last < period { return }
        guard core.leader != nil else { return }
        step(.readIndex(id: reads.askFreshness(at: now)))
    }
}
