package import EventLoop
import Raft
import Synchronization
package import TrustStore

/// How old the newest moment is at which this member's view was provably current.
package struct Freshness: Equatable, Sendable {
    /// Whole milliseconds; nil when currency was never proven since the start.
    package let ageMilliseconds: Int64?
    /// Whether the view is younger than `max_staleness` (docs/architecture.md, "Freshness").
    package let isFresh: Bool
    /// Whether this member may vouch for others' tokens now: while it is fresh, and under the policy `serve` beyond that,
    /// with a warning. A view that was never proven current since the start vouches for nothing under either policy.
    package let vouches: Bool

    package init(ageMilliseconds: Int64?, isFresh: Bool, vouches: Bool) {
        self.ageMilliseconds = ageMilliseconds
        self.isFresh = isFresh
        self.vouches = vouches
    }
}

/// `StalenessBound` in this layer's types.
package struct FreshnessRule: Equatable, Sendable {
    private let bound: StalenessBound
    private let policy: StalenessPolicy

    package init(maxStalenessMilliseconds: Int64, policy: StalenessPolicy = .refuse) {
        bound = StalenessBound(milliseconds: maxStalenessMilliseconds)
        self.policy = policy
    }

    package var maxStalenessMilliseconds: Int64 { bound.milliseconds }
    package var ageMaxMilliseconds: Int64 { bound.ageMaxMilliseconds }

    package func judge(point: MonotonicInstant?, now: MonotonicInstant) -> Freshness {
        let age = bound.age(of: point?.nanoseconds, at: now.nanoseconds)
        let isFresh = bound.isFresh(age: age)
        return Freshness(ageMilliseconds: age, isFresh: isFresh, vouches: isFresh || (policy == .serve && age != nil))
    }
}

/// The newest moment at which one view was provably current; written by the cluster loop, read by
/// every request loop.
///
/// It belongs to its view and ends with it: a proof that comes after the view was replaced is a proof
/// of the newer one, and must not make a request that still holds the older one look fresh.
///
/// One atomic word: request loops read it on every verification and must not wait for the cluster loop.
package final class FreshnessPoint: Sendable {
    /// Nanoseconds of the boot-time clock; zero until the first proof.
    private let nanoseconds: Atomic<UInt64>

    /// - Parameter instant: what the view before this one had proved. A newer view holds all that an
    ///   older one held, so it is at least as current.
    package init(continuing instant: MonotonicInstant? = nil) {
        nanoseconds = Atomic(instant?.nanoseconds ?? 0)
    }

    package var instant: MonotonicInstant? {
        let value = nanoseconds.load(ordering: .acquiring)
        return value == 0 ? nil : MonotonicInstant(nanoseconds: value)
    }

    /// Points only move forward: an older proof that arrives late proves nothing new.
    package func advance(to instant: MonotonicInstant) {
        nanoseconds.max(instant.nanoseconds, ordering: .acquiringAndReleasing)
    }

    /// This member can no longer prove anything (it stopped): it is stale from now on.
    package func clear() {
        nanoseconds.store(0, ordering: .releasing)
    }
}
