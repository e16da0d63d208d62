import EventLoop
import Raft

extension Node {
    /// Waits until this member has applied `index` (`Credence-Min-Index`).
    func waitUntilApplied(_ index: LogIndex, timeout: Duration) async throws(ProposeError) -> LogIndex {
        try checkRunning()
        guard appliedIndex < index else { return appliedIndex }
        let deadline = MonotonicInstant.now() + timeout
        let answer = await withCheckedContinuation(isolation: self) { waiter in
            indexWaiters.add(index, until: deadline, waiter)
        }
        return try answer.get()
    }

    /// Asks the leader's ReadIndex and waits until it is applied here: what is read afterwards holds
    /// every change acknowledged before this call (thesis §6.4).
    func readBarrier(timeout: Duration) async throws(ProposeError) -> LogIndex {
        try checkRunning()
        guard reads.count < ReadTable.countMax else { throw .busy }
        let deadline = MonotonicInstant.now() + timeout
        let answer = await withCheckedContinuation(isolation: self) { waiter in
            let id = reads.add(.barrier(deadline: deadline, waiter))
            step(.readIndex(id: id))
        }
        return try answer.get()
    }

    func confirmed(_ read: ConfirmedRead) {
        reads.confirm(read)
        settleReads()
    }

    func settleReads() {
        for purpose in reads.takeServable(applied: appliedIndex) {
            switch purpose {
            case .freshness(let asOf): freshnessPoint.advance(to: asOf)
            case .barrier: ReadTable.answer(purpose, .success(appliedIndex))
            }
        }
    }

    /// A barrier whose question was lost is asked again at the next tick, until its deadline;
    /// freshness asks by the clock.
    func failedRead(_ id: UInt64) {
        reads.failed(id)
    }

    func askReadsAgain() {
        for id in reads.takeLost() { step(.readIndex(id: id)) }
    }

    /// A tenth of the bound: twice the rate the promise needs, so that one lost question changes nothing.
    func keepFresh(now: MonotonicInstant) {
        let period = Duration.milliseconds(box.view.freshnessRule.maxStalenessMilliseconds / 10)
        if let last = reads.lastFreshnessAskedAt, now - last < period { return }
        guard core.leader != nil, reads.count < ReadTable.countMax else { return }
        step(.readIndex(id: reads.askedFreshness(at: now)))
    }
}
