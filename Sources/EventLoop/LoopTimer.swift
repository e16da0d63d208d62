internal import CUV

/// A timer confined to one loop. It measures the loop's monotonic time in milliseconds, without
/// the time the machine was suspended, and never fires early. Dropping it cancels it.
package final class LoopTimer {
    private let core: Core
    package var loop: EventLoop { core.loop }

    package init(on loop: EventLoop) {
        core = Core(on: loop)
    }

    deinit {
        closeOnLoop([core], core.loop)
    }

    /// Runs `body` once, or repeatedly when `interval` is given; replaces any earlier schedule.
    /// `body` is kept until then, so it should not hold its owner.
    package func schedule(after delay: Duration, repeating interval: Duration? = nil, _ body: @escaping () -> Void) {
        core.start(after: delay, repeating: interval, body)
    }

    package func cancel() {
        core.stop()
    }

    package var isScheduled: Bool { core.body != nil }

    private final class Core: LoopHandle {
        var body: (() -> Void)?
        private var isRepeating = false

        init(on loop: EventLoop) {
            super.init(on: loop, kind: UV_TIMER)
            let status = unsafe uv_timer_init(loop.uv, timer)
            precondition(status == 0, "uv_timer_init only fills in fields")
            adoptHandle()
        }

        private var timer: UnsafeMutablePointer<uv_timer_t> {
            unsafe raw.assumingMemoryBound(to: uv_timer_t.self)
        }

        func start(after delay: Duration, repeating interval: Duration?, _ body: @escaping () -> Void) {
            loop.preconditionOnLoop()
            guard !isClosing else { return }
            self.body = body
            isRepeating = interval != nil
            // The loop's idea of now is as old as the current turn, and counts whole milliseconds:
            // without both corrections a timer could fire early.
            unsafe uv_update_time(loop.uv)
            let milliseconds = delay.millisecondsRoundedUp
            let period = interval.map { max(1, $0.millisecondsRoundedUp) } ?? 0
            unsafe uv_timer_start(timer, { handle in
                let core = unsafe Unmanaged<Core>.fromOpaque(handle!.pointee.data).takeUnretainedValue()
                core.fire()
            }, milliseconds == 0 ? 0 : milliseconds + 1, period)
        }

        private func fire() {
            guard let due = body else { return }
            if !isRepeating { body = nil }
            due()
        }

        func stop() {
            loop.preconditionOnLoop()
            body = nil
            guard !isClosing else { return }
            unsafe uv_timer_stop(timer)
        }

        override func didClose() {
            body = nil
        }
    }
}
