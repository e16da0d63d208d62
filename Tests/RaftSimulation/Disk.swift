import Raft

/// One member's disk: what has reached the platter, and the operations on their way there, in order.
///
/// It stands for `Storage`: a log, and apart from it the ack mark, which is synced after the log and before anybody
/// is told (docs/consensus.md §2). What a crash leaves of the two, and how a start reads it, is in `Disk+Crash`.
struct Disk {
    struct Write {
        let operation: StorageOperation
        /// Chain hash of each of the operation's entries.
        let chains: [UInt64]
    }

    var hardState = HardState()
    var entries: [Entry] = []
    /// Chain hash of each entry with everything before it: equal hashes, equal logs.
    var chains: [UInt64] = []
    /// Records that cannot be read any more, ascending. A running member has none: a start finds them.
    var unreadable: [LogIndex] = []
    /// The last record was not written to its end.
    var isTorn = false
    private(set) var queue: [Write] = []
    /// When the newest queued write will be done; later ones are never done earlier.
    var busyUntil = 0
    /// Nothing completes any more.
    var isStuck = false
    /// The next sync fails, and this is how its member ends.
    var syncFailure: Fault.Crash?
    /// The state machine's durable index; lags behind.
    var applied = LogIndex.zero
    /// Entries at or below are kept here only so that an index stays a place in an array; nobody may read them.
    var base: LogBase?
    /// What was last acknowledged from here (docs/consensus.md §2).
    var marks = MarkSlots()
    var mark: AckMark? { marks.mark }
    /// It has lost entries that it had acknowledged, and not got them back.
    var isDamaged = false
    /// The snapshot that is arriving.
    private(set) var staged: SnapshotDescriptor?
    var stagedBytes: UInt64 = 0
    /// How often a member was started from here, and what it has seen of the others.
    var lineage = 0
    var lineages = Lineages()
    /// What an installation puts in place: the committed log through its position.
    var canonical: ((LogIndex) -> (entries: [Entry], chains: [UInt64]))?

    mutating func found(_ entry: Entry, chain: UInt64) {
        hardState = HardState(term: entry.term)
        entries = [entry]
        chains = [chain]
        marks.write(AckMark(position: entry.position, term: entry.term))
    }

    mutating func stage(_ descriptor: SnapshotDescriptor?) {
        staged = descriptor
        stagedBytes = 0
    }

    mutating func repaired() {
        isDamaged = false
        acknowledgeTail()
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
        acknowledgeTail()
        return write.operation.id
    }

    /// The writes under way, none of which completes any more.
    mutating func takeQueue() -> [Write] {
        defer { queue = [] }
        busyUntil = 0
        syncFailure = nil
        return queue
    }

    func holds(_ index: LogIndex, chain: UInt64) -> Bool {
        guard index > .zero else { return true }
        guard Int(index.rawValue) <= chains.count, chains[Int(index.rawValue) - 1] == chain else { return false }
        return !unreadable.contains { $0 > baseIndex && $0 <= index }
    }

    var last: LogPosition { entries.last?.position ?? .zero }

    var baseIndex: LogIndex { base?.position.index ?? .zero }

    /// One transaction on the log. The mark is another matter.
    mutating func perform(_ write: Write) {
        if let snapshot = write.operation.install, let canonical {
            (entries, chains) = canonical(snapshot.position.index)
            unreadable = []
            base = LogBase(position: snapshot.position, configuration: snapshot.configuration)
            applied = snapshot.position.index
            stage(nil)
        }
        if let index = write.operation.truncateFrom { cut(from: index) }
        entries += write.operation.entries
        chains += write.chains
        if let hardState = write.operation.hardState { self.hardState = hardState }
        if let base = write.operation.base { self.base = base }
    }

    mutating func cut(from index: LogIndex) {
        let keep = min(entries.count, Int(index.rawValue) - 1)
        entries.removeLast(entries.count - keep)
        chains.removeLast(chains.count - keep)
        unreadable.removeAll { $0 >= index }
    }

    /// The second sync. A member that recovers goes on owing what it owed.
    mutating func acknowledgeTail() {
        guard !isDamaged, !entries.isEmpty else { return }
        marks.write(mark?.moved(to: last, in: hardState.term) ?? AckMark(position: last, term: hardState.term))
    }

    #if CREDENCE_MUTANTS
    /// The sync of the oldest write has failed, and nobody minds: what the log was given is not there.
    mutating func completeOneUnsynced() -> UInt64? {
        guard !queue.isEmpty, !isStuck else { return nil }
        let write = queue.removeFirst()
        let hardState = hardState
        perform(write)
        self.hardState = hardState
        unreadable += write.operation.entries.map(\.index)
        acknowledgeTail()
        return write.operation.id
    }
    #endif
}
