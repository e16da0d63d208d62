import EventLoop
import Testing

@Suite("A monotonic instant")
struct MonotonicInstantTests {
    @Test("never goes back")
    func monotone() {
        var last = MonotonicInstant.now()
        for _ in 0..<1000 {
            let next = MonotonicInstant.now()
            #expect(next >= last)
            last = next
        }
    }

    @Test("saturates at both ends", arguments: [
        (UInt64.max - 1, Duration.seconds(1), UInt64.max),
        (5, .seconds(Int64.max), 5 + UInt64(Int64.max)),
        (5, .nanoseconds(-6), 0),
        (5, .seconds(Int64.min), 0),
        (5, .nanoseconds(7), 12),
    ])
    func saturation(start: UInt64, shift: Duration, end: UInt64) {
        #expect((MonotonicInstant(nanoseconds: start) + shift).nanoseconds == end)
    }

    @Test("subtracting undoes adding, and a difference has a sign")
    func difference() {
        let early = MonotonicInstant(nanoseconds: 1_000)
        let late = early + .microseconds(5)
        #expect(late - early == .microseconds(5))
        #expect(early - late == .microseconds(-5))
        #expect(late - .microseconds(5) == early)
        #expect(MonotonicInstant(nanoseconds: .max) - early == .nanoseconds(Int64.max))
    }

    @Test("a duration beyond 292 years is cut, and can be negated", arguments: [
        (Duration.seconds(Int64.max), Int64.max), (.seconds(Int64.min), -Int64.max),
        (.nanoseconds(Int64.min), -Int64.max), (.nanoseconds(-3), -3), (.milliseconds(2), 2_000_000),
    ])
    func clamping(duration: Duration, nanoseconds: Int64) {
        #expect(duration.nanosecondsClamped == nanoseconds)
    }
}
