import Raft

/// One member's disk: what has reached the platter, and the operations on their way there, in order.
struct Disk {
    struct Write {
        let operation: StorageOperation
        /// Chain hash of each of the operation's entries.
        let chains: [UInt64]
    }

    private(set) var hardState = HardState()
    private(set) var entries: [Entry] = []
    /// Chain hash of each entry with everything before it: equal hashes, equal logs.
    private(set) var chains: [UInt64] = []
    private(set) var queue: [Write] = []
    /// When the newest queued write will be done; later ones are never done earlier.
    var busyUntil = 0
    /// The state machine's durable index; lags behind.
    var applied = LogIndex.zero

    mutating func found(_ entry: Entry, chain: UInt64) {
        hardState = HardState(term: entry.term)
        entries = [entry]
        chains = [chain]
    }

    mutating func enqueue(_ write: Write) { queue.append(write) }

    /// Completes the oldest write; returns its operation id.
    mutating func completeOne() -> UInt64? {
        guard !queue.isEmpty else { return nil }
        let write = queue.removeFirst()
        perform(write)
        return write.operation.id
    }

    /// A crash: any suffix of the queued writes is lost. Returns how many.
    mutating func crash(keeping count: Int) -> Int {
        let lost = queue.count - count
        for write in queue.prefix(count) { perform(write) }
        queue = []
        busyUntil = 0
        return lost
    }

    func holds(_ index: LogIndex, chain: UInt64) -> Bool {
        index == .zero || (Int(index.rawValue) <= chains.count && chains[Int(index.rawValue) - 1] == chain)
    }

    var last: LogPosition { entries.last?.position ?? .zero }

    private mutating func perform(_ write: Write) {
        if let index = write.operation.truncateFrom {
            let keep = min(entries.count, Int(index.rawValue) - 1)
            entries.removeLast(entries.count - keep)
            chains.removeLast(chains.count - keep)
        }
        entries += write.operation.entries
        chains += write.chains
        if let hardState = write.operation.hardState { self.hardState = hardState }
    }
}
