import EventLoop
import Raft

/// Requests that wait until this member has applied some index, ordered by it.
struct IndexWaiters {
    /// Told the answer, once.
    typealias Waiter = (Result<LogIndex, ProposeError>) -> Void

    private struct Wait {
        let index: LogIndex
        let key: UInt64
        let deadline: MonotonicInstant
        let waiter: Waiter
    }

    /// The last line: a wait ends when its connection does, and connections are bounded too.
    static let countMax = 16_384

    private var waits: [Wait] = []

    var count: Int { waits.count }

    /// When there are too many already, the waiter is told so at once.
    mutating func add(_ index: LogIndex, key: UInt64, until deadline: MonotonicInstant, _ waiter: @escaping Waiter) {
        guard waits.count < Self.countMax else {
            waiter(.failure(.busy))
            return
        }
        let position = waits.partitioningIndex { $0.index > index }
        waits.insert(Wait(index: index, key: key, deadline: deadline, waiter: waiter), at: position)
    }

    mutating func applied(_ applied: LogIndex) {
        let reached = waits.partitioningIndex { $0.index > applied }
        guard reached > 0 else { return }
        let done = waits[..<reached]
        waits.removeFirst(reached)
        for wait in done { wait.waiter(.success(applied)) }
    }

    mutating func expire(now: MonotonicInstant, applied: LogIndex) {
        guard waits.contains(where: { $0.deadline <= now }) else { return }
        let late = waits.filter { $0.deadline <= now }
        waits.removeAll { $0.deadline <= now }
        for wait in late {
            wait.waiter(.failure(.notApplied(waitedFor: wait.index, applied: applied)))
        }
    }

    /// Whoever waited has gone.
    mutating func cancel(_ key: UInt64) {
        guard let position = waits.firstIndex(where: { $0.key == key }) else { return }
        waits.remove(at: position).waiter(.failure(.cancelled))
    }

    mutating func failAll(_ error: ProposeError) {
        let all = waits
        waits = []
        for wait in all { wait.waiter(.failure(error)) }
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
