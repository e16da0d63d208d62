import Raft

enum Happening {
    /// With the connection it was sent on.
    case deliver(Message, Int)
    case shell(ShellMessage, Int)
    case diskDone(slot: Int, run: Int)
    case applyDone(slot: Int, run: Int)
    case loadDone(slot: Int, run: Int, LoadRequest)
    case snapshotWork(slot: Int, run: Int, SnapshotWork)
    case heal(Fault.Crash?)
    case setLinks([Fault.Link], isCut: Bool)
}

/// What is to happen when: one bucket per tick in a ring, first in first out within a tick.
struct Timeline {
    static let horizon = 4096
    private var buckets = [[Happening]](repeating: [], count: Timeline.horizon)

    mutating func add(_ happening: Happening, at tick: Int, now: Int) {
        let tick = min(max(tick, now), now + Timeline.horizon - 1)
        buckets[tick % Timeline.horizon].append(happening)
    }

    mutating func take(at tick: Int) -> [Happening] {
        let slot = tick % Timeline.horizon
        guard !buckets[slot].isEmpty else { return [] }
        defer { buckets[slot] = [] }
        return buckets[slot]
    }
}
