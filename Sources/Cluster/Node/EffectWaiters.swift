import EventLoop
import Raft

/// Why a change holds on one member: it has said that it applied it, or it can no longer vouch from
/// a state without it.
package struct MemberEffect: Equatable, Sendable {
    package enum Reason: String, Sendable {
        case applied
        /// More than `max_staleness` has passed since the acknowledgement: a member that has not applied
        /// the change by now is stale and refuses (docs/architecture.md).
        case stale
        /// Neither: it has not been heard to apply the change, and may still vouch without it, by the policy `serve` or
        /// by an older bound or policy of staleness that it goes by while it is cut off.
        case unknown
    }

    /// Whether the change holds there.
    package var isCertain: Bool { reason != .unknown }

    package let member: String
    package let reason: Reason
}

/// Requests that wait until a change holds on every member.
struct EffectWaiters {
    typealias Waiter = (Result<[MemberEffect], ProposeError>) -> Void

    private struct Wait {
        let index: LogIndex
        let key: UInt64
        let until: MonotonicInstant
        let waiter: Waiter
    }

    static let countMax = 4_096

    private var waits: [Wait] = []

    mutating func add(_ index: LogIndex, key: UInt64, until: MonotonicInstant, _ waiter: @escaping Waiter) {
        guard waits.count < Self.countMax else { return waiter(.failure(.busy)) }
        waits.append(Wait(index: index, key: key, until: until, waiter: waiter))
    }

    struct Progress {
        let member: String
        /// What the member has said to have applied.
        let index: LogIndex
        /// Whether it is known to refuse once it is stale by the bound that the cluster has now.
        let refusesWhenStale: Bool
    }

    /// - Parameter applied: of each member, this one included.
    mutating func settle(now: MonotonicInstant, applied: () -> [Progress]) {
        guard !waits.isEmpty else { return }
        let progress = applied()
        var open: [Wait] = []
        for wait in waits {
            guard wait.until <= now || progress.allSatisfy({ $0.index >= wait.index }) else {
                open.append(wait)
                continue
            }
            wait.waiter(.success(progress.map { member in
                let silence = member.refusesWhenStale ? MemberEffect.Reason.stale : .unknown
                return MemberEffect(member: member.member, reason: member.index >= wait.index ? .applied : silence)
            }))
        }
        waits = open
    }

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
