import EventLoop
import Testing

@testable import Cluster

@Suite("When CRLs are fetched")
struct RevocationListScheduleTests {
    private typealias Schedule = RevocationListSchedule

    private let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)
    private func after(_ seconds: Int64) -> MonotonicInstant { start + .seconds(seconds) }
    private func source(_ url: String = "http://ca.example/a.crl", every seconds: Int64 = 3_600) -> Schedule.Source {
        Schedule.Source(url: url, refreshSeconds: seconds)
    }

    private func schedule(_ sources: [String: Schedule.Source]) -> Schedule {
        var schedule = Schedule()
        schedule.follow(sources, now: start) { 0 }
        return schedule
    }

    @Test("a new leader asks at once for what it lacks or what ends soon, and for the rest within a minute or the interval")
    func newLeader() {
        let cases: [(refresh: Int64, left: Int64?, chance: Double, expected: Duration)] = [
            (3_600, nil, 0.5, .zero), (3_600, -5, 0.5, .zero), (3_600, 120, 0.5, .zero), (3_600, 121, 0.5, .seconds(30)), (3_600, 121, 0, .zero),
            (3_600, 1_000_000, 0.999, .milliseconds(59_940)), (10, 1_000_000, 0.5, .seconds(5)),
        ]
        for (refresh, left, chance, expected) in cases {
            #expect(Schedule.waitOfNewLeader(refresh: refresh, nextUpdateIn: left, chance: chance) == expected, "\(refresh) \(String(describing: left)) \(chance)")
        }
        var schedule = Schedule()
        let sources = ["a": source("http://a/"), "b": source("http://b/"), "c": source("http://c/")]
        schedule.follow(sources, left: ["a": 1_000_000, "b": 60], now: start) { 0.5 }
        #expect(schedule.dueAt("a") == after(30) && schedule.dueAt("b") == start && schedule.dueAt("c") == start)
        // Later on a changed source is due at once, whatever list there is.
        schedule.follow(["a": source("http://new/")], left: ["a": 1_000_000], now: after(1)) { 0.5 }
        #expect(schedule.dueAt("a") == after(1))
        schedule.clear()
        #expect(!schedule.hasBegun)
        schedule.follow(sources, left: ["a": 1_000_000], now: after(2)) { 0.25 }
        #expect(schedule.dueAt("a") == after(17), "the next time that it leads")
    }

    @Test("a leader that found no sources asks at once for the first that is named")
    func firstSource() {
        var schedule = Schedule()
        schedule.follow([:], now: start) { 0.5 }
        schedule.follow(["a": source()], left: ["a": 1_000_000], now: after(5)) { 0.5 }
        #expect(schedule.dueAt("a") == after(5))
    }

    @Test("a new source is due at once, and after a success when its interval is over, at most a tenth early")
    func regular() {
        var schedule = schedule(["a": source()])
        #expect(schedule.begin(now: start) == ["a"])
        #expect(schedule.begin(now: after(9_999)) == [], "one at a time")
        schedule.ended("a", source(), .done(nextUpdateInSeconds: 1_000_000), now: start, chance: 0)
        #expect(schedule.dueAt("a") == after(3_600))
        #expect(schedule.begin(now: after(3_599)) == [])
        #expect(schedule.begin(now: after(3_600)) == ["a"])
        schedule.ended("a", source(), .done(nextUpdateInSeconds: 1_000_000), now: start, chance: 1)
        #expect(schedule.dueAt("a") == after(3_240))
    }

    @Test("the nearer the nextUpdate, the sooner, but never more often than once a minute or the interval asks for")
    func near() {
        let cases: [(refresh: Int64, left: Int64, expected: Int64)] = [
            (3_600, 7_200, 3_600), (3_600, 7_198, 3_599), (3_600, 600, 300), (3_600, 100, 60), (3_600, 0, 60), (10, 1, 10), (604_800, 200_000, 100_000),
        ]
        for (refresh, left, expected) in cases {
            #expect(Schedule.secondsAfterSuccess(refresh: refresh, nextUpdateIn: left) == expected, "\(refresh) \(left)")
        }
    }

    @Test("failures are tried again after ten seconds, twice as long each time, and no later than the interval")
    func backoff() {
        var schedule = schedule(["a": source()])
        var now = start
        for expected in [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600] as [Int64] {
            #expect(schedule.begin(now: now) == ["a"])
            schedule.ended("a", source(), .failed, now: now, chance: 0)
            #expect(schedule.dueAt("a") == now + .seconds(expected))
            now = now + .seconds(expected)
        }
        #expect(schedule.failures(of: "a") == 11)
        #expect(Schedule.secondsAfterFailure(1_000_000, refresh: 604_800) == 604_800)
        _ = schedule.begin(now: now)
        schedule.ended("a", source(), .failed, now: now, chance: 1)
        #expect(schedule.dueAt("a") == now + .seconds(1_800), "up to a half earlier")
        _ = schedule.begin(now: now + .seconds(1_800))
        schedule.ended("a", source(), .done(nextUpdateInSeconds: 1_000_000), now: now, chance: 0)
        #expect(schedule.failures(of: "a") == 0)
    }

    @Test("one at a time, the longest due first")
    func concurrency() {
        let sources = Dictionary(uniqueKeysWithValues: ["a", "b", "c"].map { ($0, source("http://\($0)/")) })
        var schedule = schedule(sources)
        #expect(schedule.begin(now: start) == ["a"])
        #expect(schedule.begin(now: start) == [])
        schedule.ended("a", sources["a"]!, .failed, now: start, chance: 0)
        #expect(schedule.begin(now: after(100)) == ["b"], "due before the first is again")
        schedule.ended("b", sources["b"]!, .failed, now: after(100), chance: 0)
        #expect(schedule.begin(now: after(101)) == ["c"])
        schedule.ended("c", sources["c"]!, .failed, now: after(101), chance: 0)
        #expect(schedule.begin(now: after(110)) == ["a"])
    }

    @Test("a changed source is due at once, whatever the former one came to; one that is gone is forgotten")
    func changed() {
        var schedule = schedule(["a": source()])
        _ = schedule.begin(now: start)
        schedule.follow(["a": source("http://new/")], now: after(1)) { 0 }
        schedule.ended("a", source(), .failed, now: after(2), chance: 0)
        #expect(schedule.dueAt("a") == after(1) && schedule.failures(of: "a") == 0)
        #expect(schedule.begin(now: after(2)) == ["a"])
        schedule.ended("a", source("http://new/"), .failed, now: after(2), chance: 0)
        schedule.follow(["a": source("http://new/")], now: after(3)) { 0 }
        #expect(schedule.failures(of: "a") == 1, "what has not changed goes on")
        schedule.follow(["a": source("http://new/", every: 60)], now: after(4)) { 0 }
        #expect(schedule.dueAt("a") == after(4))
        schedule.follow([:], now: after(5)) { 0 }
        #expect(schedule.begin(now: after(99_999)) == [])
        #expect(schedule.isEmpty)
        schedule.ended("a", source(), .failed, now: after(6), chance: 0)
        #expect(schedule.isEmpty)
    }

    @Test("the book of attempts tells the last one, how many failed in a row, and forgets what is not fetched any more")
    func book() {
        var book = RevocationListBook()
        var begins = [book.begin("a"), book.begin("a")]
        book.end("a", error: nil, at: 5)
        begins.append(book.begin("a"))
        #expect(begins == [true, false, true], "one at a time")
        book.end("a", error: "404", at: 7)
        book.end("a", error: "404", at: 8)
        book.next("a", at: 20)
        #expect(book.attempts["a"] == RevocationListAttempt(attemptedAt: 8, succeededAt: 5, error: "404", failures: 2, nextAt: 20))
        book.unschedule()
        #expect(book.attempts["a"]?.nextAt == nil)
        #expect(book.doneCount == 1 && book.failedCount == 2)
        book.keep(only: ["b"])
        #expect(book.attempts.isEmpty)
    }
}
