import GRDB
package import Raft
package import TrustStore

/// What the log of this member no longer holds of the audit record, in one SQLite file (`audit.db`).
///
/// Entries come here before they leave the log, and are on the disk when `takeOver` returns; so each is in the log, here,
/// or, after a crash in between, in both, which is noticed by its index and hash. Entries are only added, and what
/// `--audit-keep` no longer wants is removed from the old end. Not thread-safe; the storage thread owns it, and readers
/// open the file by themselves.
package final class AuditArchive {
    /// Copied in one transaction, so that a write of the log never waits for long.
    package static let copiedMax = 1_000
    static let copiedBytesMax = 1 << 20
    package static let forgottenMax = 1_000

    package let path: String
    private let identity: StoreIdentity
    /// Opened when it is first needed: a full disk must not keep a member from starting.
    private var file: SQLiteFile?
    private var tail: LogTail?
    /// The archive's end was found in the log, or the log goes on from it.
    private var isAligned = false
    /// Up to here the archive is known to say what the log says, and so the log may be cut.
    package private(set) var archivedThrough = LogIndex.zero

    package init(path: String, identity: StoreIdentity) {
        self.path = path
        self.identity = identity
    }

    package func open() throws(StorageError) {
        _ = try opened()
    }

    private func opened() throws(StorageError) -> SQLiteFile {
        if let file { return file }
        let (path, identity) = (path, identity)
        return try inArchive { () throws(StorageError) in
            let file: SQLiteFile
            do throws(StorageError) {
                file = try SQLiteFile.open(path: path, durability: .full, letsReadersIn: true)
            } catch {
                guard case .missing = error else { throw error }
                file = try SQLiteFile.create(path: path, durability: .full, letsReadersIn: true) { try ArchiveSchema.create($0, identity) }
            }
            try file.read { try FileHeader.check(FileHeader.read($0, file: path), identity, file: path) }
            // What an earlier run only wrote must not make this one cut the log.
            try file.settle()
            tail = try file.read { try ArchiveSchema.tail($0, file: path) }
            self.file = file
            return file
        }
    }

    /// After a snapshot has taken the log's place.
    package func logWasReplaced() {
        isAligned = false
        archivedThrough = .zero
    }

    // MARK: - From the log

    /// Copies a bounded number of the log's entries up to `limit`, which must be committed. True when more are left.
    package func takeOver(
        from log: LogStore, through limit: LogIndex,
        outcomes: (ClosedRange<LogIndex>) throws(StorageError) -> [LogIndex: CommandOutcome]
    ) throws(StorageError) -> Bool {
        try align(with: log)
        guard var end = tail, isAligned, end.position.index < limit else { return false }
        var copied = try log.recorded(after: end, through: limit, countMax: Self.copiedMax, bytesMax: Self.copiedBytesMax)
        if copied.isEmpty {
            // The log may have come to say something else since the last look.
            isAligned = false
            try align(with: log)
            guard let again = tail, isAligned, again.position.index < limit else { return false }
            end = again
            copied = try log.recorded(after: end, through: limit, countMax: Self.copiedMax, bytesMax: Self.copiedBytesMax)
        }
        guard let first = copied.first, let last = copied.last else {
            return try setAside(from: log, after: end.position.index, through: limit)
        }
        let answers = try outcomes(first.entry.index...last.entry.index)
        try write { db in
            for record in copied {
                try AuditRows.insert(
                    db, AuditRecord(entry: record.entry, chain: record.chain, outcome: answers[record.entry.index]))
            }
        }
        tail = LogTail(position: last.entry.position, chain: last.chain)
        archivedThrough = last.entry.index
        return archivedThrough < limit
    }

    /// Finds out whether the log goes on from where the archive ends, and begins a new stretch when it does not.
    package func align(with log: LogStore) throws(StorageError) {
        guard !isAligned else { return }
        _ = try opened()
        let start = try log.recordStart()
        guard let tail else { return try resume(at: start) }
        let end = min(tail.position.index, log.lastIndex)
        if end >= start.position.index, let held = try point(at: end), try log.point(at: end) == held {
            archivedThrough = end
            // A log that is shorter must first grow to where the archive ends.
            isAligned = end == tail.position.index
        } else if let held = try point(at: start.position.index.previous), try log.goesOn(from: held) {
            // The oldest entry that is left is the log's own start, and follows what is archived.
            try resume(at: held)
        } else {
            try resume(at: start)
        }
    }

    /// Nil in a new archive.
    package var end: ChainPoint? { tail.map { ChainPoint(position: $0.position, chain: $0.chain) } }

    private func resume(at start: LogTail) throws(StorageError) {
        let isHeld = try point(at: start.position.index) == start
        if !isHeld || start != tail { try write { try ArchiveSchema.resume($0, at: start, isHeld: isHeld) } }
        tail = start
        archivedThrough = start.position.index
        isAligned = true
    }

    /// What the log has next does not follow what is archived, so it cannot be vouched for: it is kept as it is, and the
    /// record goes on from the log's base, or from wherever a snapshot will put that. True when more is left.
    private func setAside(from log: LogStore, after index: LogIndex, through limit: LogIndex) throws(StorageError) -> Bool {
        let base = log.baseTail
        let end = base.position.index > index ? min(base.position.index, limit) : limit
        var last = index
        while true {
            let rows = try log.rawRows(after: last, through: end, countMax: Self.copiedMax)
            guard let newest = rows.last?.index else { break }
            try write { db in
                for row in rows {
                    try db.execute(
                        sql: "INSERT OR IGNORE INTO set_aside (idx, term, kind, payload, chain) VALUES (?, ?, ?, ?, ?)",
                        arguments: StatementArguments(row.values))
                }
            }
            last = newest
        }
        guard base.position.index > index else { return false }
        try resume(at: base)
        return base.position.index < limit
    }

    // MARK: - Retention

    /// Removes a bounded number of the oldest entries that are no longer wanted. True when more are left.
    ///
    /// - Parameter now: Unix seconds.
    package func forget(_ retention: AuditRetention, now: Int64) throws(StorageError) -> Bool {
        guard retention != .everything, let newest = tail?.position.index else { return false }
        let path = path
        var last: LogTail?
        var count = 0
        try inArchive { () throws(StorageError) in
            try opened().read { db in
                // A clock that is wrong by years must not empty the record: what has to go is old by the log's own time too.
                let now = min(now, try Self.newestStamp(db, file: path) + Self.clockSlackSeconds)
                let rows = try Row.fetchCursor(
                    db.cachedStatement(sql: "SELECT \(AuditRows.archiveColumns) FROM entries ORDER BY idx LIMIT ?"),
                    arguments: [Int64(Self.forgottenMax)])
                while let row = try rows.next(), let index = row.counter(0).map({ LogIndex($0) }) {
                    let record = try AuditRows.record(row, at: index, file: path)
                    count += 1
                    switch Self.isUnwanted(record.entry, retention, newest: newest, now: now) {
                    case true?: last = LogTail(position: record.entry.position, chain: record.chain)
                    case false?: return
                    case nil: break
                    }
                }
            }
        }
        guard let last else { return false }
        try write { try ArchiveSchema.forget($0, through: last) }
        return count == Self.forgottenMax
    }

    /// How far time may have gone on since the newest entry, for what is to be forgotten; a cluster without changes keeps more.
    static let clockSlackSeconds: Int64 = 86_400
    /// Entries of the log's own among which the newest command is looked for.
    private static let newestLookedAtMax = 64

    /// Unix seconds; zero when none of the newest entries has a time.
    private static func newestStamp(_ db: Database, file: String) throws -> Int64 {
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT \(AuditRows.archiveColumns) FROM entries ORDER BY idx DESC LIMIT ?"), arguments: [Int64(newestLookedAtMax)])
        while let row = try rows.next(), let index = row.counter(0).map({ LogIndex($0) }) {
            let entry = try AuditRows.record(row, at: index, file: file).entry
            if entry.kind == .command, let command = try? Command(decoding: entry.payload) { return command.stampedAtMilliseconds / 1_000 }
        }
        return 0
    }

    /// Nil for entries that have no time; they go with the ones behind them.
    private static func isUnwanted(_ entry: Entry, _ retention: AuditRetention, newest: LogIndex, now: Int64) -> Bool? {
        switch retention {
        case .everything: return false
        case .entries(let count): return entry.index.distance(to: newest) >= Int(clamping: count)
        case .seconds(let seconds):
            guard entry.kind == .command, let command = try? Command(decoding: entry.payload) else { return nil }
            return command.stampedAtMilliseconds / 1_000 < now - seconds
        }
    }

    // MARK: - Reading

    /// The entry after which the stretch begins that reaches into the log; nil in a new archive.
    package func newestStart() throws(StorageError) -> LogIndex? {
        let path = path
        return try inArchive { () throws(StorageError) in
            try opened().read { try ArchiveSchema.starts($0, file: path).last?.position.index }
        }
    }

    /// The next consecutive records behind `after`, through another connection; nil when the archive has none.
    package static func read(
        path: String, after: LogIndex, through last: LogIndex, countMax: Int, bytesMax: Int
    ) throws(StorageError) -> AuditRun? {
        try inArchive { () throws(StorageError) in
            try SQLiteFile.reading(path: path) { db in
                let statement = try db.cachedStatement(sql: "SELECT min(idx) FROM entries WHERE idx > ?")
                guard let found = try Row.fetchOne(statement, arguments: [Int64(clamping: after.rawValue)])?.counter(0) else { return nil }
                let first = LogIndex(found)
                guard let base = try ArchiveSchema.point(db, at: first.previous, file: path) else {
                    throw StorageError.corrupt(file: path, index: first.previous, what: "the entry is missing")
                }
                let records = try AuditRows.read(
                    db, columns: AuditRows.archiveColumns, file: path, from: first, through: last, countMax: countMax, bytesMax: bytesMax)
                return records.isEmpty ? nil : AuditRun(base: base.position, baseChain: base.chain, records: records)
            }
        }
    }

    // MARK: -

    private func point(at index: LogIndex) throws(StorageError) -> LogTail? {
        let path = path
        return try inArchive { () throws(StorageError) in try opened().read { try ArchiveSchema.point($0, at: index, file: path) } }
    }

    private func write(_ work: (Database) throws -> Void) throws(StorageError) {
        try inArchive { () throws(StorageError) in try opened().write(work) }
    }

    package func close() throws(StorageError) {
        try file?.close()
    }
}

/// Damage here is another matter than in the log: the member can do without the archive.
private func inArchive<Value>(_ work: () throws(StorageError) -> Value) throws(StorageError) -> Value {
    do throws(StorageError) {
        return try work()
    } catch {
        guard case .corrupt(let file, let index, let what) = error else { throw error }
        throw .archiveDamaged(file: file, index: index, what: what)
    }
}
