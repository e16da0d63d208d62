import EventLoop
import Raft

/// Requests that wait until this member has applied some index, ordered by it.
struct IndexWaiters {
    typealias Waiter = CheckedContinuation<Result<LogIndex, ProposeError>, Never>

    private struct Wait {
        let index: LogIndex
        let deadline: MonotonicInstant
        let waiter: Waiter
    }

    /// Every waiting request holds a connection, so this bounds nothing that connections do not.
    static let countMax = 16_384

    private var waits: [Wait] = []

    var count: Int { waits.count }

    /// False when there are too many already; the waiter has then been told.
    mutating func add(_ index: LogIndex, until deadline: MonotonicInstant, _ waiter: Waiter) {
        guard waits.count < Self.countMax else {
            waiter.resume(returning: .failure(.busy))
            return
        }
        let position = waits.partitioningIndex { $0.index > index }
        waits.insert(Wait(index: index, deadline: deadline, waiter: waiter), at: position)
    }

    mutating func applied(_ applied: LogIndex) {
        let reached = waits.partitioningIndex { $0.index > applied }
        guard reached > 0 else { return }
        let done = waits[..<reached]
        waits.removeFirst(reached)
        for wait in done { wait.waiter.resume(returning: .success(applied)) }
    }

    mutating func expire(now: MonotonicInstant, applied: LogIndex) {
        guard waits.contains(where: { $0.deadline <= now }) else { return }
        let late = waits.filter { $0.deadline <= now }
        waits.removeAll { $0.deadline <= now }
        for wait in late {
            wait.waiter.resume(returning: .failure(.notApplied(waitedFor: wait.index, applied: applied)))
        }
    }

    mutating func failAll(_ error: ProposeError) {
        let all = waits
        waits = []
        for wait in all { wait.waiter.resume(returning: .failure(error)) }
    }
}

extension Array {
    /// The first position whose element satisfies the predicate, in an array where all such come last.
    fileprivate func partitioningIndex(where belongsInSecond: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if belongsInSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
