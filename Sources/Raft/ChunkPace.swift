/// How large a piece of a snapshot its receiver asks for: what the link brings well within an election timeout. A larger one
/// would be asked for again while it is still on its way, and would hold up the heartbeats behind it.
struct ChunkPace: Equatable, Sendable {
    static let byteCountFirst = 64 << 10
    static let byteCountMin = 16 << 10

    private(set) var byteCount: Int
    private let byteCountMax: Int

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
        byteCount = min(Self.byteCountFirst, byteCountMax)
    }

    /// A piece came so long after it was asked for.
    mutating func arrived(after ticks: UInt64, electionTicks: UInt64) {
        if ticks * 4 <= electionTicks { byteCount = min(byteCount * 2, byteCountMax) }
    }

    /// A piece did not come within an election timeout.
    mutating func missed() {
        byteCount = max(byteCount / 2, min(Self.byteCountMin, byteCountMax))
    }
}
