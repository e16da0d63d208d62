import GRDB
package import Raft

/// The log and the hard state of one member, in one SQLite file (`log.db`).
///
/// What `perform` has returned from is on the disk: WAL mode with `synchronous=FULL`, one transaction
/// and so one fsync per call, however many operations it is given. Not thread-safe; the storage thread
/// owns it.
package final class LogStore {
    /// From so many bytes on, the WAL is worth moving into the file: some four thousand small entries.
    package static let checkpointBytes = 4 << 20
    /// Entries below the base that are deleted at a time.
    package static let purgeMax = 10_000

    let file: SQLiteFile
    private let markFile: AckMarkFile
    private(set) var base: StoredBase
    private var tail: LogTail
    /// What opening learnt; dropped at the first change.
    private var scan: LogScan?
    package private(set) var hardState: HardState
    /// The log lacks what this member acknowledged; the mark stays until that is back.
    package private(set) var isRecovering: Bool
    /// What opening found damaged, and what was done about it; for the operator.
    package private(set) var damage: String?
    private var bytesSinceCheckpoint = 0
    private var hasGarbage = true

    package var lastPosition: LogPosition { tail.position }
    package var lastIndex: LogIndex { tail.position.index }
    /// The chain at `lastIndex`: the head of the audit record.
    package var lastChain: [UInt8] { tail.chain }
    package var basePosition: LogPosition { base.tail.position }
    package var mark: AckMark? { markFile.content?.mark }

    private init(file: SQLiteFile, markFile: AckMarkFile, base: StoredBase, scan: LogScan, hardState: HardState) throws(StorageError) {
        self.file = file
        self.markFile = markFile
        self.base = base
        self.scan = scan
        self.hardState = hardState
        tail = scan.tail
        isRecovering = false
        if let mark = markFile.content?.mark { isRecovering = try !holds(mark.position) }
        try acknowledgeTail()
    }

    /// A new log. A founder gives its first entries here, so that a log without them never exists; a
    /// joiner gives none.
    ///
    /// - Parameter start: what the first entry follows; the applied state that a backup held.
    package static func create(
        path: String, identity: StoreIdentity, after start: AppliedPoint = .start, entries: [Entry] = [],
        hardState: HardState = HardState()
    ) throws(StorageError) -> LogStore {
        _ = try SQLiteFile.create(path: path, durability: .full) { db in
            try LogSchema.create(db, identity)
            var tail = LogTail(position: start.position, chain: start.chain)
            try LogSchema.put(db, StoredBase(tail: tail, configuration: start.configuration))
            for entry in entries { try append(db, entry, to: &tail) }
            try LogSchema.put(db, hardState)
        }.close()
        return try open(path: path, identity: identity)
    }

    package static func markPath(_ path: String) -> String { path + ".mark" }

    /// Reads and checks the whole log, one entry at a time.
    ///
    /// With an ack mark beside it, damage after the marked entry is cut off, because nobody was ever told of what
    /// was there. Damage at or before it leaves a log that ends before it, which makes the member recover
    /// (docs/consensus.md §10), unless `applied`, the sound applied state, covers the damage: then the log begins
    /// there. Without a mark any damage is refused, and named with its index.
    package static func open(
        path: String, identity: StoreIdentity, applied: AppliedPoint? = nil
    ) throws(StorageError) -> LogStore {
        let file = try SQLiteFile.open(path: path, durability: .full)
        // Before anything is read that a vote or an acknowledgement will stand on.
        try file.read { try FileHeader.check(FileHeader.read($0, file: path), identity, file: path) }
        try file.settle()
        let markFile = try AckMarkFile.open(path: markPath(path))
        // A checkpoint syncs; it must not happen between writing an entry and acknowledging it.
        try file.read { try $0.execute(sql: "PRAGMA wal_autocheckpoint = 0") }
        let (base, scan, damage) = try walk(file, markFile.content, applied)
        let hardState = try Self.hardState(file, markFile.content)
        let store = try LogStore(file: file, markFile: markFile, base: base, scan: scan, hardState: hardState)
        store.damage = damage.map { "\($0); \(store.remedy(applied))" }
        return store
    }

    private func remedy(_ applied: AppliedPoint?) -> String {
        if isRecovering { return "this member recovers what it had acknowledged from the others, and does not vote until then" }
        if base.tail.position == applied?.position { return "the applied state holds all of that, so the log begins after it" }
        return "nobody had been told of what was there, so it is cut off"
    }

    private static func walk(
        _ file: SQLiteFile, _ mark: AckMarkFile.Content?, _ applied: AppliedPoint?
    ) throws(StorageError) -> (StoredBase, LogScan, String?) {
        let path = file.path
        let (base, scan, damage) = try file.read { db in
            let base = try LogSchema.base(db, file: path)
            var scan = LogScan(file: path, after: base.tail)
            let damage = try scan.walkToDamage(db)
            return (base, scan, damage)
        }
        let end = scan.tail.position.index
        if let applied, end < applied.position.index, damage != nil || mark != nil, end >= base.tail.position.index {
            let (newBase, kept) = try rebase(file, on: applied)
            return (newBase, kept, damage.map(named) ?? "\(path) ends at entry \(end)")
        }
        guard let damage else { return (base, scan, nil) }
        guard mark != nil else { throw damage }
        try file.write { try LogSchema.truncate($0, from: end.next) }
        return (base, scan, named(damage))
    }

    private static func named(_ damage: StorageError) -> String {
        guard case .corrupt(let file, let index?, let what) = damage else { return "\(damage)" }
        return "\(file) is damaged at entry \(index): \(what)"
    }

    /// The applied state holds all that the damaged part says, so the log can do without that part. What follows
    /// the applied entry is kept if it is whole.
    private static func rebase(_ file: SQLiteFile, on applied: AppliedPoint) throws(StorageError) -> (StoredBase, LogScan) {
        let path = file.path
        let base = StoredBase(
            tail: LogTail(position: applied.position, chain: applied.chain), configuration: applied.configuration)
        var kept = LogScan(file: path, after: base.tail)
        try file.read { db in
            _ = try kept.walkToDamage(db)
        }
        let end = kept.tail.position.index
        try file.write { db in
            try LogSchema.truncate(db, from: end.next)
            try LogSchema.put(db, base)
        }
        return (base, kept)
    }

    /// The newer of the log's and the mark's: each is written before anything that relies on it is said.
    private static func hardState(
        _ file: SQLiteFile, _ mark: AckMarkFile.Content?
    ) throws(StorageError) -> HardState {
        let path = file.path
        guard let marked = mark?.hardState else { return try file.read { try LogSchema.hardState($0, file: path) } }
        // An unreadable row is no loss: the mark is written after every change of it, before anything is promised.
        let stored = try file.read { db in try? LogSchema.hardState(db, file: path) }
        if let stored, stored.term > marked.term || (stored.term == marked.term && stored.vote != nil) { return stored }
        if stored != marked { try file.write { try LogSchema.put($0, marked) } }
        return marked
    }

    /// What the core starts from: everything above `applied`, and up to `window` entries and
    /// `windowBytes` of payload below it.
    package func recover(
        applied: LogIndex, window: Int, windowBytes: Int = .max
    ) throws(StorageError) -> RestoredState {
        let path = file.path
        let known = scan
        let last = lastIndex
        let base = base
        var restored = RestoredState()
        restored.hardState = hardState
        restored.applied = applied
        restored.base = base.tail.position
        restored.baseConfiguration = base.configuration
        restored.mark = mark.flatMap { $0.position == .zero ? nil : $0 }
        try file.read { db in
            var whole = known ?? LogScan(file: path, after: base.tail)
            if known == nil { try whole.walk(db) }
            restored.termRuns = whole.termRuns
            restored.configurations = whole.configurations
            let first = try LogSchema.windowStart(
                db, below: min(applied, last), entriesMax: max(1, window), bytesMax: windowBytes)
            restored.entries = try Self.entries(
                db, file: path, from: max(first, base.tail.position.index.next), through: last, bytesMax: .max)
        }
        return restored
    }

    /// Makes all of `operations` durable, in their order, as one transaction. After an error none of
    /// them is. After `diskFull` the same call may be tried again; after any other error no call ever
    /// succeeds again on this object.
    ///
    /// - Parameter installing: where the snapshot stands that an `install` among the operations puts in place.
    package func perform(_ operations: [StorageOperation], installing: AppliedPoint? = nil) throws(StorageError) {
        var newTail = tail
        var newHardState = hardState
        var bytes = 0
        let path = file.path
        var newBase = base
        try file.write { db in
            for operation in operations {
                if let snapshot = operation.install {
                    guard let point = installing, point.position == snapshot.position else {
                        throw StorageError.outOfOrder(expected: newTail.position.index.next, found: snapshot.position.index)
                    }
                    try LogSchema.clear(db)
                    newTail = LogTail(position: point.position, chain: point.chain)
                    newBase = StoredBase(tail: newTail, configuration: point.configuration)
                    try LogSchema.put(db, newBase)
                }
                if let first = operation.truncateFrom, first <= newTail.position.index {
                    try LogSchema.truncate(db, from: first)
                    newTail = try LogSchema.tail(db, at: first.previous, file: path)
                }
                for entry in operation.entries {
                    try Self.append(db, entry, to: &newTail)
                    bytes += entry.payload.count + Self.rowBytes
                }
                if let state = operation.hardState {
                    try LogSchema.put(db, state)
                    newHardState = state
                    bytes += Self.rowBytes
                }
                if let base = operation.base {
                    newBase = StoredBase(
                        tail: try LogSchema.tail(db, at: base.position.index, file: path), configuration: base.configuration)
                    try LogSchema.put(db, newBase)
                }
            }
        }
        if newBase != base { hasGarbage = true }
        base = newBase
        tail = newTail
        hardState = newHardState
        scan = nil
        bytesSinceCheckpoint += bytes
        try acknowledgeTail()
    }

    /// The second sync, before anybody is told (docs/consensus.md §2). While this member recovers, the mark goes
    /// on saying what it owes.
    private func acknowledgeTail() throws(StorageError) {
        if isRecovering, let mark {
            let isMet = mark.isMet(holdsPosition: try holds(mark.position), lastTerm: tail.position.term)
            isRecovering = !isMet
        }
        let owed = isRecovering ? mark : nil
        try markFile.write(
            AckMarkFile.Content(
                mark: owed ?? mark?.moved(to: tail.position, in: hardState.term)
                    ?? AckMark(position: tail.position, term: hardState.term),
                hardState: hardState))
    }

    private func holds(_ position: LogPosition) throws(StorageError) -> Bool {
        if position.index <= base.tail.position.index { return true }
        guard position.index <= lastIndex else { return false }
        let path = file.path
        return try file.read { try LogSchema.tail($0, at: position.index, file: path).position == position }
    }

    /// To be called when nothing waits: deletes a bounded number of entries below the base, and none that the audit archive
    /// lacks. False when none of those are left.
    ///
    /// - Parameter archived: the archive holds the entries up to here.
    package func purge(archived: LogIndex) throws(StorageError) -> Bool {
        let index = min(base.tail.position.index, archived)
        guard hasGarbage, index > .zero else { return false }
        var count = 0
        try file.write { count = try LogSchema.purge($0, through: index, countMax: Self.purgeMax) }
        bytesSinceCheckpoint += count * Self.rowBytes
        let isMoreLeft = count == Self.purgeMax
        hasGarbage = isMoreLeft || index < base.tail.position.index
        return isMoreLeft
    }

    /// To be called when nothing waits for an acknowledgement. Does nothing while the WAL is small.
    package func checkpointIfDue() throws(StorageError) {
        guard bytesSinceCheckpoint >= Self.checkpointBytes else { return }
        try file.checkpoint()
        bytesSinceCheckpoint = 0
    }

    /// Entries that are no longer in memory, contiguous from `first`: at least one if it exists, and
    /// no more than fit `bytesMax` of payload. Each is checked against its hash again.
    package func entries(
        from first: LogIndex, through last: LogIndex, bytesMax: Int
    ) throws(StorageError) -> [Entry] {
        let path = file.path
        let end = min(last, lastIndex)
        guard first > base.tail.position.index, first <= end else { return [] }
        return try file.read { try Self.entries($0, file: path, from: first, through: end, bytesMax: bytesMax) }
    }

    /// The chain up to and including `index`; nil beyond the end.
    package func chain(at index: LogIndex) throws(StorageError) -> [UInt8]? {
        if index == lastIndex { return lastChain }
        guard index < lastIndex, index >= base.tail.position.index else { return nil }
        let path = file.path
        return try file.read { try LogSchema.tail($0, at: index, file: path).chain }
    }

    package func close() throws(StorageError) {
        try file.close()
    }

    // MARK: - Inside a transaction

    /// What a row takes beside its payload, about.
    private static let rowBytes = 64

    private static func append(_ db: Database, _ entry: Entry, to tail: inout LogTail) throws {
        guard entry.index == tail.position.index.next, entry.term >= tail.position.term else {
            throw StorageError.outOfOrder(expected: tail.position.index.next, found: entry.index)
        }
        let chain = LogChain.link(entry, after: tail.chain)
        try LogSchema.insert(db, entry, chain: chain)
        tail = LogTail(position: entry.position, chain: chain)
    }

    private static func entries(
        _ db: Database, file: String, from first: LogIndex, through last: LogIndex, bytesMax: Int
    ) throws -> [Entry] {
        guard first <= last else { return [] }
        var walk = LogScan(file: file, after: try LogSchema.tail(db, at: first.previous, file: file))
        var entries: [Entry] = []
        var bytes = 0
        let rows = try LogSchema.cursor(db, from: first, through: last)
        while let row = try rows.next() {
            let entry = try walk.take(row)
            bytes += entry.payload.count
            if bytes > bytesMax && !entries.isEmpty { return entries }
            entries.append(entry)
        }
        guard walk.tail.position.index == last else {
            throw StorageError.corrupt(file: file, index: walk.tail.position.index.next, what: "the entry is missing")
        }
        return entries
    }
}
