import EventLoop
import Testing

@Suite("A timer", .timeLimit(.minutes(5)))
struct LoopTimerTests {
    @Test("never fires early", arguments: [0, 1, 3, 10])
    func notEarly(milliseconds: Int) async throws {
        try await onLoop { loop in
            let fired = Events<MonotonicInstant>()
            let timer = LoopTimer(on: loop)
            let start = MonotonicInstant.now()
            timer.schedule(after: .milliseconds(milliseconds)) { fired.send(.now()) }
            #expect(timer.isScheduled)
            #expect(await fired.next() - start >= .milliseconds(milliseconds))
            #expect(!timer.isScheduled)
        }
    }

    @Test("repeats until cancelled from inside its own body")
    func repeats() async throws {
        try await onLoop { loop in
            let fired = Events<Int>()
            let timer = LoopTimer(on: loop)
            var count = 0
            timer.schedule(after: .zero, repeating: .milliseconds(1)) {
                count += 1
                if count == 3 { timer.cancel() }
                fired.send(count)
            }
            for expected in 1...3 { #expect(await fired.next() == expected) }
            await anotherTimer(on: loop, after: .milliseconds(20))
            #expect(count == 3)
        }
    }

    @Test("a new schedule replaces the old one")
    func replaced() async throws {
        try await onLoop { loop in
            let fired = Events<String>()
            let timer = LoopTimer(on: loop)
            timer.schedule(after: .milliseconds(1)) { fired.send("old") }
            timer.schedule(after: .milliseconds(5)) { fired.send("new") }
            #expect(await fired.next() == "new")
        }
    }

    @Test("one that is dropped does not fire")
    func dropped() async throws {
        try await onLoop { loop in
            let fired = Flag()
            var timer: LoopTimer? = LoopTimer(on: loop)
            timer?.schedule(after: .milliseconds(1)) { fired.isSet = true }
            timer = nil
            await anotherTimer(on: loop, after: .milliseconds(20))
            #expect(!fired.isSet)
        }
    }

    @Test("may schedule itself again from its own body")
    func reschedules() async throws {
        try await onLoop { loop in
            let fired = Events<Int>()
            let timer = LoopTimer(on: loop)
            timer.schedule(after: .zero) {
                fired.send(1)
                timer.schedule(after: .zero) { fired.send(2) }
            }
            #expect(await fired.next() == 1)
            #expect(await fired.next() == 2)
        }
    }

    /// Returns when a timer set now for `delay` has fired: all that were due before it have, too.
    private func anotherTimer(on loop: EventLoop, after delay: Duration) async {
        let fired = Events<Void>()
        let timer = LoopTimer(on: loop)
        timer.schedule(after: delay) { fired.send() }
        await fired.next()
    }
}
