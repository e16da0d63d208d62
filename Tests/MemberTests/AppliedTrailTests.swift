@testable import Cluster
import Raft
import Storage
import Testing

@Suite("A member that differs from its leader finds out")
struct AppliedTrailTests {
    private func point(_ index: UInt64, log: UInt8 = 1, effects: UInt8 = 1) -> AppliedPoint {
        AppliedPoint(
            position: LogPosition(term: Term(1), index: LogIndex(index)), chain: [log, UInt8(truncatingIfNeeded: index)],
            configuration: .empty, effects: [effects, UInt8(truncatingIfNeeded: index)])
    }

    private func trail(through last: UInt64) -> AppliedTrail {
        var trail = AppliedTrail()
        trail.begin(at: point(0))
        for index in 1...last { _ = trail.applied(point(index)) }
        return trail
    }

    @Test("equal members find nothing, at any index that is kept")
    func equal() {
        var trail = trail(through: 5_000)
        for index in [UInt64(3_500), 4_999, 5_000] {
            #expect(trail.leaderSays(AppliedDigest(point(index)), at: LogIndex(index)) == nil)
        }
    }

    @Test("another log and another state are told apart")
    func differs() {
        var trail = trail(through: 10)
        #expect(trail.leaderSays(AppliedDigest(point(7, log: 2)), at: LogIndex(7)) == .logsDiffer(LogIndex(7)))
        #expect(trail.leaderSays(AppliedDigest(point(7, effects: 2)), at: LogIndex(7)) == .statesDiffer(LogIndex(7)))
    }

    @Test("a member that is behind compares when it gets there, unless the leader has changed")
    func awaits() {
        var trail = trail(through: 10)
        #expect(trail.leaderSays(AppliedDigest(point(12, effects: 2)), at: LogIndex(12)) == nil)
        #expect(trail.applied(point(11)) == nil)
        #expect(trail.applied(point(12)) == .statesDiffer(LogIndex(12)))
        #expect(trail.leaderSays(AppliedDigest(point(14, effects: 2)), at: LogIndex(14)) == nil)
        trail.leaderChanged()
        _ = trail.applied(point(13))
        #expect(trail.applied(point(14)) == nil)
    }

    @Test("what is forgotten is not compared, and what is awaited is bounded")
    func bounds() {
        var trail = trail(through: 10_000)
        #expect(trail.leaderSays(AppliedDigest(point(1, log: 2)), at: LogIndex(1)) == nil)
        for index in 10_001...UInt64(10_002 + AppliedTrail.awaitedMax) {
            _ = trail.leaderSays(AppliedDigest(point(index, log: 2)), at: LogIndex(index))
        }
        // The one past the bound was not kept: by then there are others.
        for index in 10_001..<UInt64(10_001 + AppliedTrail.awaitedMax) {
            #expect(trail.applied(point(index)) == .logsDiffer(LogIndex(index)))
        }
        #expect(trail.applied(point(UInt64(10_001 + AppliedTrail.awaitedMax))) == nil)
    }
}
