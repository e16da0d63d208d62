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

    private let file: SQLiteFile
    private var tail: LogTail
    /// What opening learnt; dropped at the first change.
    private var scan: LogScan?
    package private(set) var hardState: HardState
    private var bytesSinceCheckpoint = 0

    package var lastPosition: LogPosition { tail.position }
    package var lastIndex: LogIndex { tail.position.index }
    /// The chain at `lastIndex`: the head of the audit record.
    package var lastChain: [UInt8] { tail.chain }

    private init(file: SQLiteFile, scan: LogScan, hardState: HardState) {
        self.file = file
        self.scan = scan
        self.tail = scan.tail
        self.hardState = hardState
    }

    /// A new log. A founder gives its first entries here, so that a log without them never exists; a
    /// joiner gives none.
    package static func create(
        path: String, identity: StoreIdentity, entries: [Entry] = [], hardState: HardState = HardState()
    ) throws(StorageError) -> LogStore {
        _ = try SQLiteFile.create(path: path, durability: .full) { db in
            try LogSchema.create(db, identity)
            var tail = LogTail()
            for entry in entries { try append(db, entry, to: &tail) }
            try LogSchema.put(db, hardState)
        }.close()
        return try open(path: path, identity: identity)
    }

    /// Reads and checks the whole log, one entry at a time: damage is named with its index.
    package static func open(path: String, identity: StoreIdentity) throws(StorageError) -> LogStore {
        let file = try SQLiteFile.open(path: path, durability: .full)
        // Before anything is read that a vote or an acknowledgement will stand on.
        try file.read { try FileHeader.check(FileHeader.read($0, file: path), identity, file: path) }
        try file.settle()
        let (scan, hardState) = try file.read { db in
            try FileHeader.check(FileHeader.read(db, file: path), identity, file: path)
            // A checkpoint syncs; it must not happen between writing an entry and acknowledging it.
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
            var scan = LogScan(file: path)
            try scan.walk(db)
            return (scan, try LogSchema.hardState(db, file: path))
        }
        return LogStore(file: file, scan: scan, hardState: hardState)
    }

    /// What the core starts from: everything above `applied`, and up to `window` entries and
    /// `windowBytes` of payload below it.
    package func recover(
        applied: LogIndex, window: Int, windowBytes: Int = .max
    ) throws(StorageError) -> RestoredState {
        let path = file.path
        let known = scan
        let last = lastIndex
        var restored = RestoredState()
        restored.hardState = hardState
        restored.applied = applied
        try file.read { db in
            var whole = known ?? LogScan(file: path)
            if known == nil { try whole.walk(db) }
            restored.termRuns = whole.termRuns
            restored.configurations = whole.configurations
            let first = try LogSchema.windowStart(
                db, below: min(applied, last), entriesMax: max(1, window), bytesMax: windowBytes)
            restored.entries = try Self.entries(db, file: path, from: first, through: last, bytesMax: .max)
        }
        return restored
    }

    /// Makes all of `operations` durable, in their order, as one transaction. After an error none of
    /// them is. After `diskFull` the same call may be tried again; after any other error no call ever
    /// succeeds again on this object.
    package func perform(_ operations: [StorageOperation]) throws(StorageError) {
        var newTail = tail
        var newHardState = hardState
        var bytes = 0
        let path = file.path
        try file.write { db in
            for operation in operations {
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
            }
        }
        tail = newTail
        hardState = newHardState
        scan = nil
        bytesSinceCheckpoint += bytes
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
        guard first > .zero, first <= end else { return [] }
        return try file.read { try Self.entries($0, file: path, from: first, through: end, bytesMax: bytesMax) }
    }

    /// The chain up to and including `index`; nil beyond the end.
    package func chain(at index: LogIndex) throws(StorageError) -> [UInt8]? {
        if index == lastIndex { return lastChain }
        guard index < lastIndex else { return nil }
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
