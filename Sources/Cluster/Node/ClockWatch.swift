import EventLoop

/// Notices that this machine's clocks did not advance together: the wall clock was set, or the machine
/// was paused in a way that its boot-time clock did not count.
struct ClockWatch {
    static let divergenceMax: Duration = .seconds(1)

    private var last: (boot: MonotonicInstant, wallMilliseconds: Int64)?

    /// True when the two clocks moved apart by more than the bound since the last look.
    mutating func diverged(boot: MonotonicInstant, wallMilliseconds: Int64) -> Bool {
        defer { last = (boot, wallMilliseconds) }
        guard let last else { return false }
        let byWall = Duration.milliseconds(wallMilliseconds - last.wallMilliseconds)
        let byBoot = boot - last.boot
        return byWall - byBoot > Self.divergenceMax || byBoot - byWall > Self.divergenceMax
    }
}
