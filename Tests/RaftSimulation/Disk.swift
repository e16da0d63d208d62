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
    /// Nothing completes any more.
    var isStuck = false
    /// The state machine's durable index; lags behind.
    var applied = LogIndex.zero
    /// Entries at or below are kept here only so that an index stays a place in an array; nobody may read them.
    private(set) var base: LogBase?
    /// What was last acknowledged from here (docs/consensus.md §2).
    private(set) var mark: AckMark?
    /// It has lost entries that it had acknowledged, and not got them back.
    private(set) var isDamaged = false
    /// The snapshot that is arriving.
    private(set) var staged: SnapshotDescriptor?
    var stagedBytes: UInt64 = 0
    /// What an installation puts in place: the committed log through its position.
    var canonical: ((LogIndex) -> (entries: [Entry], chains: [UInt64]))?

    mutating func found(_ entry: Entry, chain: UInt64) {
        hardState = HardState(term: entry.term)
        entries = [entry]
        chains = [chain]
        mark = AckMark(position: entry.position, term: entry.term)
    }

    mutating func stage(_ descriptor: SnapshotDescriptor?) {
        staged = descriptor
        stagedBytes = 0
    }

    mutating func repaired() {
        isDamaged = false
        mark = mark?.moved(to: last, in: hardState.term)
    }

    mutating func lose(_ count: Int) {
        entries.removeLast(count)
        chains.removeLast(count)
        isDamaged = true
    }

    func term(at index: LogIndex) -> Term? {
        index > .zero && Int(index.rawValue) <= entries.count ? entries[Int(index.rawValue) - 1].term : nil
    }

    mutating func enqueue(_ write: Write) { queue.append(write) }

    /// Completes the oldest write; returns its operation id.
    mutating func completeOne() -> UInt64? {
        guard !queue.isEmpty, !isStuck else { return nil }
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
        if let snapshot = write.operation.install, let canonical {
            (entries, chains) = canonical(snapshot.position.index)
            base = LogBase(position: snapshot.position, configuration: snapshot.configuration)
            applied = snapshot.position.index
            stage(nil)
        }
        if let index = write.operation.truncateFrom {
            let keep = min(entries.count, Int(index.rawValue) - 1)
            entries.removeLast(entries.count - keep)
            chains.removeLast(chains.count - keep)
        }
        entries += write.operation.entries
        chains += write.chains
        if let hardState = write.operation.hardState { self.hardState = hardState }
        if let base = write.operation.base { self.base = base }
        if !isDamaged, entries.count > 0 {
            mark = mark?.moved(to: last, in: hardState.term) ?? AckMark(position: last, term: hardState.term)
        }
    }
}
