import Cluster
import EventLoop
import Testing
import TrustStore

@Suite("Freshness")
struct FreshnessTests {
    let rule = FreshnessRule(maxStalenessMilliseconds: 5_000)
    let start = MonotonicInstant(nanoseconds: 1_000_000_000)

    @Test("the bound is max_staleness less the clock's error and a guard")
    func bound() {
        #expect(rule.ageMaxMilliseconds == 5_000 - 5 - 50)
    }

    @Test("a view is vouched for up to the bound and not at it")
    func edge() {
        let last = start + .milliseconds(rule.ageMaxMilliseconds) - .nanoseconds(1)
        #expect(rule.judge(point: start, now: last).isFresh)
        #expect(!rule.judge(point: start, now: start + .milliseconds(rule.ageMaxMilliseconds)).isFresh)
    }

    @Test("a member that never proved its view vouches for nothing")
    func neverProven() {
        #expect(rule.judge(point: nil, now: start) == Freshness(ageMilliseconds: nil, isFresh: false, vouches: false))
    }

    @Test("under the policy serve a stale view is vouched for, but never one that was not proven since the start")
    func serving() {
        let serving = FreshnessRule(maxStalenessMilliseconds: 5_000, policy: .serve)
        let late = start + .seconds(60)
        #expect(serving.judge(point: start, now: late) == Freshness(ageMilliseconds: 60_000, isFresh: false, vouches: true))
        #expect(rule.judge(point: start, now: late) == Freshness(ageMilliseconds: 60_000, isFresh: false, vouches: false))
        #expect(!serving.judge(point: nil, now: late).vouches)
        #expect(!serving.judge(point: late + .seconds(1), now: late).vouches)
    }

    @Test("a point in the future proves nothing")
    func future() {
        #expect(!rule.judge(point: start + .seconds(1), now: start).isFresh)
    }

    @Test("an older proof that arrives late does not move the point back")
    func monotone() {
        let point = FreshnessPoint()
        #expect(point.instant == nil)
        point.advance(to: start + .seconds(2))
        point.advance(to: start)
        #expect(point.instant == start + .seconds(2))
        point.clear()
        #expect(point.instant == nil)
    }
}
