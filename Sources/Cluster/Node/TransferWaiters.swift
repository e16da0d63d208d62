import EventLoop
import Raft

/// Callers that wait until somebody else leads.
struct TransferWaiters {
    typealias Waiter = (Result<MemberID, TransferError>) -> Void

    private struct Wait {
        let key: UInt64
        let target: MemberID?
        let former: MemberID?
        let deadline: MonotonicInstant
        let waiter: Waiter
    }

    static let countMax = 256

    private var waits: [Wait] = []
    private var nextKey: UInt64 = 1

    /// nil when too many wait already.
    mutating func add(
        to target: MemberID?, from former: MemberID?, until deadline: MonotonicInstant, _ waiter: @escaping Waiter
    ) -> UInt64? {
        guard waits.count < Self.countMax else { return nil }
        defer { nextKey += 1 }
        waits.append(Wait(key: nextKey, target: target, former: former, deadline: deadline, waiter: waiter))
        return nextKey
    }

    mutating func leaderChanged(to leader: MemberID?) {
        guard let leader else { return }
        end { $0.target == leader || ($0.target == nil && $0.former != leader) }.forEach { $0.waiter(.success(leader)) }
    }

    mutating func fail(_ key: UInt64, _ error: TransferError) {
        end { $0.key == key }.forEach { $0.waiter(.failure(error)) }
    }

    mutating func expire(now: MonotonicInstant) {
        end { $0.deadline <= now }.forEach { $0.waiter(.failure(.notTakenOver)) }
    }

    mutating func failAll(_ error: TransferError) {
        end { _ in true }.forEach { $0.waiter(.failure(error)) }
    }

    private mutating func end(where isOver: (Wait) -> Bool) -> [Wait] {
        let over = waits.filter(isOver)
        waits.removeAll(where: isOver)
        return over
    }
}
