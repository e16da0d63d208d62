import EventLoop
import Raft
import Testing
import Tokens
import TrustStore

@testable import Cluster

@Suite("A view proves only itself")
struct ViewFreshnessTests {
    static let admin = TrustStore.Actor(id: "test", method: "unix", address: nil)

    @Test("a view that was replaced never gets younger, whatever is proved later")
    func replacedView() async throws {
        let home = try TestDirectory()
        let member = try await home.start().member
        try await member.readBarrier()
        try await member.untilFresh()
        let kept = member.view
        try await member.propose(
            .revokeToken(RevokeToken(tokenID: "abc", expiresAt: nil, reason: nil)), by: Self.admin)
        let proven = try #require(kept.proven.instant)
        try await member.until { $0.proven.instant.map { $0 > proven } ?? false }
        #expect(kept.proven.instant == proven)
        let late = proven + .milliseconds(kept.freshnessRule.ageMaxMilliseconds)
        #expect(!kept.freshness(now: late).isFresh)
        #expect(member.view.freshness(now: late).isFresh)
        await member.stop()
    }

    @Test("a proof that arrives while a view is judged does not make a fresh view stale")
    func proofWhileJudging() {
        let start = MonotonicInstant(nanoseconds: 5_000_000_000)
        let view = MemberView(
            tokens: TokenView(state: TrustState(), keys: KeyRing()), index: .zero,
            proven: FreshnessPoint(continuing: start))
        /// The clock, and a proof that is newer than what it says before anybody can use the reading.
        func clockOvertaken() -> MonotonicInstant {
            view.proven.advance(to: start + .seconds(2))
            return start + .seconds(1)
        }
        #expect(view.freshness(now: clockOvertaken()) == Freshness(ageMilliseconds: 1_000, isFresh: true, vouches: true))
    }

    @Test("a member that stopped vouches for nothing")
    func stopped() async throws {
        let home = try TestDirectory()
        let started = try await home.start()
        let member = started.member
        try await member.readBarrier()
        try await member.untilFresh()
        #expect(member.reason(of: try #require(started.adminToken)) == nil)
        await member.stop()
        #expect(member.reason(of: try #require(started.adminToken)) == .memberStale)
    }

    @Test("a stale member calls an unknown key stale, not unknown")
    func unknownKeyWhileStale() async throws {
        let home = try TestDirectory()
        let other = try TestDirectory()
        let foreign = try await other.start()
        let member = try await home.start().member
        try await member.readBarrier()
        try await member.untilFresh()
        let token = try #require(foreign.adminToken)
        #expect(member.reason(of: token) == .unknownKey)
        await member.stop()
        await foreign.member.stop()
        #expect(member.reason(of: token) == .memberStale)
        let explanation = member.explain(Array(token.utf8), in: member.view)
        #expect(explanation.reason == .memberStale && explanation.steps.last?.outcome == .fail)
    }
}

@Suite("Clocks that move apart")
struct ClockWatchTests {
    let boot = MonotonicInstant(nanoseconds: 5_000_000_000)

    @Test("clocks that advance together raise nothing; a jump of either does, once")
    func jumps() {
        let readings: [(boot: Duration, wall: Int64, jumps: Bool)] = [
            (.seconds(0), 1_000_000, false),
            (.seconds(60), 1_060_900, false),
            (.seconds(61), 1_064_000, true),
            (.seconds(62), 1_065_000, false),
            (.seconds(63), 1_000_000, true),
            // A pause that only the wall clock saw.
            (.seconds(64), 4_600_000, true),
        ]
        var watch = ClockWatch()
        for reading in readings {
            let diverged = watch.diverged(boot: boot + reading.boot, wallMilliseconds: reading.wall)
            #expect(diverged == reading.jumps, "at \(reading.boot)")
        }
    }
}
