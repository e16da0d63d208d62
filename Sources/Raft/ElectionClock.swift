/// Ticks, the election deadline, and the only randomness in the core: the jitter of that deadline.
struct ElectionClock: Sendable {
    private(set) var now: UInt64 = 0
    private(set) var deadline: UInt64 = 0
    /// When the current leader was last heard of; nil when there is none.
    private(set) var leaderHeardAt: UInt64?
    private let electionTicks: UInt64
    private let heartbeatTicks: UInt64
    private var jitter: SplitMix64

    init(electionTicks: Int, heartbeatTicks: Int, seed: UInt64) {
        self.electionTicks = UInt64(electionTicks)
        self.heartbeatTicks = UInt64(heartbeatTicks)
        jitter = SplitMix64(seed: seed)
        restart()
    }

    mutating func tick() { now += 1 }

    /// A fresh timeout, uniform in [E, 2E), drawn anew for every round so that ties do not repeat
    /// (Raft §5.2; docs/consensus.md §3).
    mutating func restart() {
        deadline = now + electionTicks + jitter.next() % electionTicks
    }

    /// The timeout of the first round without a leader: in [E + H, 3E/2), and in this member's own part of it, so that one
    /// follower is nearly always elected before the next has a try. A heartbeat H later than E, because the others may have
    /// heard the leader so much later, and are loyal for E. Later rounds are drawn by `restart`, so no tie repeats.
    ///
    /// - Parameters:
    ///   - place: among the leader's followers, from 0 on; any order will do that all of them agree on.
    ///   - count: 0 for a draw like that of all other rounds.
    mutating func leaderHeard(place: Int, among count: Int) {
        leaderHeardAt = now
        let spread = electionTicks / 2 - heartbeatTicks
        // With parts of less than two ticks several would ask at once.
        guard count > 0, spread >= 2 * UInt64(count) else { return restart() }
        deadline = now + electionTicks + heartbeatTicks + (UInt64(place) * spread + jitter.next() % spread) / UInt64(count)
    }

    mutating func leaderLost() { leaderHeardAt = nil }

    var isElectionDue: Bool { now >= deadline }

    var hasRecentLeader: Bool {
        guard let leaderHeardAt else { return false }
        return now - leaderHeardAt < electionTicks
    }
}

/// Steele, Lea & Flood's SplitMix64: tiny, and good enough to keep timeouts apart.
struct SplitMix64: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
