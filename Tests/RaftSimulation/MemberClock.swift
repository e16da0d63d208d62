/// A member's own clock, which counts suspension: it runs a little fast or slow.
struct MemberClock {
    /// One tick of true time.
    static let nanosecondsPerTick: UInt64 = 20_000_000

    private let errorPerMillion: Int
    private var ticksOwed = 0
    private var sleptTicks = 0

    init(errorPerMillion: Int) { self.errorPerMillion = errorPerMillion }

    /// How many of its own ticks pass in a true one.
    mutating func ticks() -> Int {
        ticksOwed += 1_000_000 + errorPerMillion
        let ticks = ticksOwed / 1_000_000
        ticksOwed -= ticks * 1_000_000
        return ticks
    }

    /// What it shows at a true tick.
    func reading(at tick: Int) -> UInt64 {
        UInt64(tick) * Self.nanosecondsPerTick / 1_000_000 * UInt64(1_000_000 + errorPerMillion)
    }

    /// What a clock that stops in suspension would show.
    func wakefulReading(at tick: Int) -> UInt64 { reading(at: max(0, tick - sleptTicks)) }

    mutating func sleep(_ ticks: Int) { sleptTicks += ticks }
}
