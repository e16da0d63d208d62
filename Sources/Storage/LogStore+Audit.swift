import GRDB
package import Raft
package import TrustStore

/// What the audit record reads of the log: also entries below the base, as long as they have not been deleted.
///
/// Damage to those is no reason to give the log up, so it is a value here and not an error of the file.
extension LogStore {
    /// The next consecutive records behind `after` as they are stored; nil when the log has none up to `last`.
    ///
    /// - Parameter end: of the archive, which knows the hash before the oldest entry that is left.
    package func auditRun(
        after: LogIndex, through last: LogIndex, archiveEnd end: ChainPoint?, countMax: Int, bytesMax: Int
    ) throws(StorageError) -> AuditRun? {
        let path = file.path
        guard let base = try auditBase(at: after, archiveEnd: end) else { return nil }
        let found: Result<[AuditRecord], StorageError> = try file.read { db in
            do {
                return .success(
                    try AuditRows.read(
                        db, columns: LogSchema.columns, file: path, from: base.position.index.next, through: min(last, lastIndex),
                        countMax: countMax, bytesMax: bytesMax))
            } catch let error as StorageError {
                return .failure(error)
            }
        }
        let records = try found.get()
        return records.isEmpty ? nil : AuditRun(base: base.position, baseChain: base.chain, records: records)
    }

    private func auditBase(at index: LogIndex, archiveEnd end: ChainPoint?) throws(StorageError) -> LogTail? {
        if let end, end.position.index == index { return LogTail(position: end.position, chain: end.chain) }
        let start = try recordStart()
        return start.position.index > index ? start : try point(at: index)
    }

    /// The entry after which the log's own part of the record begins.
    package func recordStartIndex() throws(StorageError) -> LogIndex { try recordStart().position.index }
}

// MARK: - For the archive

extension LogStore {
    var baseTail: LogTail { base.tail }

    /// The earliest point whose hash the log knows: what its first entry follows, or else that entry itself.
    func recordStart() throws(StorageError) -> LogTail {
        guard let first = try firstStored() else { return base.tail }
        if first.position.index == LogIndex(1) { return LogTail() }
        if first.position.index == base.tail.position.index.next { return base.tail }
        let purged = try file.read { try LogSchema.purged($0) }
        return purged?.position.index == first.position.index.previous ? purged ?? first : first
    }

    /// Whether the oldest entry that is left follows what ends at `tail`.
    func goesOn(from tail: LogTail) throws(StorageError) -> Bool {
        try !recorded(after: tail, through: tail.position.index.next, countMax: 1, bytesMax: 0).isEmpty
    }

    /// An entry that is stored, or the base; nil for any other.
    func point(at index: LogIndex) throws(StorageError) -> LogTail? {
        if index == .zero { return LogTail() }
        if index == base.tail.position.index { return base.tail }
        if let purged = try file.read({ try LogSchema.purged($0) }), purged.position.index == index { return purged }
        return try stored(where: "idx = \(index.rawValue)")
    }

    private func firstStored() throws(StorageError) -> LogTail? { try stored(where: "idx = (SELECT min(idx) FROM entries)") }

    private func stored(where condition: String) throws(StorageError) -> LogTail? {
        try file.read { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT idx, term, chain FROM entries WHERE \(condition)"),
                let index = row.counter(0), let term = row.counter(1), let chain = row.blob(2), chain.count == LogChain.byteCount
            else { return nil }
            return LogTail(position: LogPosition(term: Term(term), index: LogIndex(index)), chain: chain)
        }
    }

    /// Entries behind `tail`, each checked against the one before, as far as they are whole and both bounds allow.
    func recorded(
        after tail: LogTail, through last: LogIndex, countMax: Int, bytesMax: Int
    ) throws(StorageError) -> [AuditRecord] {
        let path = file.path
        return try file.read { db in
            var walk = LogScan(file: path, after: tail)
            var records: [AuditRecord] = []
            var bytes = 0
            let rows = try LogSchema.cursor(db, from: tail.position.index.next, through: last)
            while records.count < countMax, let row = try rows.next() {
                guard let entry = try walk.takeIfWhole(row) else { break }
                bytes += entry.payload.count
                if bytes > bytesMax, !records.isEmpty { break }
                records.append(AuditRecord(entry: entry, chain: walk.tail.chain))
            }
            return records
        }
    }

    struct RawRow {
        let index: LogIndex
        let values: [DatabaseValue]
    }

    /// What is stored, as it is.
    func rawRows(after index: LogIndex, through last: LogIndex, countMax: Int) throws(StorageError) -> [RawRow] {
        try file.read { db in
            let rows = try LogSchema.cursor(db, from: index.next, through: last)
            var found: [RawRow] = []
            while found.count < countMax, let row = try rows.next() {
                found.append(RawRow(index: LogIndex(row.counter(0) ?? 0), values: Array(row.databaseValues)))
            }
            return found
        }
    }
}

extension LogScan {
    /// Nil for a row that is not whole.
    fileprivate mutating func takeIfWhole(_ row: Row) throws -> Entry? {
        do {
            return try take(row)
        } catch let error as StorageError {
            guard case .corrupt = error else { throw error }
            return nil
        }
    }
}
