import EventLoop

/// Tells somebody from time to time that the cluster loop makes progress.
///
/// Asked by each tick when that is through, and by nothing else: a loop that hangs, in the core or in a callback, says
/// nothing any more.
struct ProgressReport: Sendable {
    private let period: Duration
    private let tell: @Sendable () -> Void
    private var toldAt: MonotonicInstant?

    init(every period: Duration, _ tell: @escaping @Sendable () -> Void) {
        self.period = period
        self.tell = tell
    }

    mutating func ticked(now: MonotonicInstant) {
        if let toldAt, now - toldAt < period { return }
        toldAt = now
        tell()
    }
}
