import Raft

/// C4 by true time: which revocations must hold on every member that accepts anything.
struct Staleness {
    let bound: StalenessBound
    let boundTicks: Int
    /// Acknowledged less than the bound ago, oldest first.
    private var recent: [(tick: Int, index: LogIndex)] = []
    /// Everything through here was acknowledged more than the bound ago.
    private(set) var overdue = LogIndex.zero

    init(boundTicks: Int) {
        self.boundTicks = boundTicks
        bound = StalenessBound(milliseconds: Int64(boundTicks) * Int64(MemberClock.nanosecondsPerTick / 1_000_000))
    }

    mutating func acknowledged(_ index: LogIndex, at tick: Int) { recent.append((tick, index)) }

    mutating func advance(to tick: Int) {
        while let oldest = recent.first, tick > oldest.tick + boundTicks {
            overdue = max(overdue, oldest.index)
            recent.removeFirst()
        }
    }

    var newest: LogIndex { recent.map(\.index).max() ?? overdue }
}
