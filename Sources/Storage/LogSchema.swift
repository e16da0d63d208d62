import Crypto
import Foundation
import GRDB
import Raft

/// The tables of log.db, and the rows in and out of them.
enum LogSchema {
    static func create(_ db: Database, _ identity: StoreIdentity) throws {
        try FileHeader.write(db, ["cluster_id": identity.clusterID, "member_id": identity.memberID.description])
        try db.execute(
            sql: """
                CREATE TABLE entries (
                    idx INTEGER PRIMARY KEY, term INTEGER NOT NULL, kind INTEGER NOT NULL,
                    payload BLOB NOT NULL, chain BLOB NOT NULL);
                CREATE TABLE base (
                    id INTEGER PRIMARY KEY CHECK (id = 1), idx INTEGER NOT NULL, term INTEGER NOT NULL,
                    chain BLOB NOT NULL, configuration BLOB NOT NULL, checksum BLOB NOT NULL);
                CREATE TABLE hard_state (
                    id INTEGER PRIMARY KEY CHECK (id = 1), term INTEGER NOT NULL, vote TEXT, checksum BLOB NOT NULL);
                """)
    }

    // MARK: Entries

    static let columns = "idx, term, kind, payload, chain"

    static func insert(_ db: Database, _ entry: Entry, chain: [UInt8]) throws {
        try db.cachedStatement(sql: "INSERT INTO entries (\(columns)) VALUES (?, ?, ?, ?, ?)").execute(
            arguments: [
                Int64(entry.index.rawValue), Int64(entry.term.rawValue), Int64(entry.kind.rawValue),
                Data(entry.payload), Data(chain),
            ])
    }

    /// Everything goes; what follows begins anew.
    static func clear(_ db: Database) throws {
        try db.execute(sql: "DELETE FROM entries")
        if try db.tableExists(purgedTable) { try db.execute(sql: "DELETE FROM \(purgedTable)") }
    }

    /// Deletes up to `countMax` of the oldest entries at or below `index`. Returns how many.
    static func purge(_ db: Database, through index: LogIndex, countMax: Int) throws -> Int {
        let oldest = "SELECT idx, term, chain FROM entries WHERE idx <= ? ORDER BY idx LIMIT ?"
        let newest = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT idx, term, chain FROM (\(oldest)) ORDER BY idx DESC LIMIT 1"),
            arguments: [Int64(index.rawValue), Int64(countMax)])
        guard let newest, let last = newest.counter(0) else { return 0 }
        try db.cachedStatement(sql: "DELETE FROM entries WHERE idx <= ?").execute(arguments: [Int64(last)])
        let count = db.changesCount
        try notePurged(db, newest)
        return count
    }

    /// What the oldest entry that is left follows, while that lies below the base; for the audit record. Files of earlier
    /// versions have no such table, and can do without.
    static let purgedTable = "purged"

    private static func notePurged(_ db: Database, _ row: Row) throws {
        try db.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS \(purgedTable) (
                    id INTEGER PRIMARY KEY CHECK (id = 1), idx INTEGER NOT NULL, term INTEGER NOT NULL, chain BLOB NOT NULL)
                """)
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO \(purgedTable) (id, idx, term, chain) VALUES (1, ?, ?, ?)")
            .execute(arguments: [row[0], row[1], row[2]])
    }

    /// The entry that was deleted last, unless it cannot be read: the chain of what follows shows whether it is true.
    static func purged(_ db: Database) throws -> LogTail? {
        guard try db.tableExists(purgedTable), let row = try Row.fetchOne(db, sql: "SELECT idx, term, chain FROM \(purgedTable)"),
            let index = row.counter(0), let term = row.counter(1), let chain = row.blob(2), chain.count == LogChain.byteCount
        else { return nil }
        return LogTail(position: LogPosition(term: Term(term), index: LogIndex(index)), chain: chain)
    }

    static func truncate(_ db: Database, from index: LogIndex) throws {
        try db.cachedStatement(sql: "DELETE FROM entries WHERE idx >= ?").execute(arguments: [Int64(index.rawValue)])
    }

    /// The rows from `first` through `last`, in order, read one at a time.
    static func cursor(_ db: Database, from first: LogIndex, through last: LogIndex) throws -> RowCursor {
        try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT \(columns) FROM entries WHERE idx BETWEEN ? AND ? ORDER BY idx"),
            arguments: [Int64(first.rawValue), Int64(last.rawValue)])
    }

    /// The first entry of the newest run that ends at `last` and fits both bounds; at least `last` itself.
    static func windowStart(
        _ db: Database, below last: LogIndex, entriesMax: Int, bytesMax: Int
    ) throws -> LogIndex {
        guard last > .zero else { return LogIndex(1) }
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT length(payload) FROM entries WHERE idx <= ? ORDER BY idx DESC LIMIT ?"),
            arguments: [Int64(last.rawValue), Int64(entriesMax)])
        var first = last.next
        var bytes = 0
        while let row = try rows.next() {
            bytes += Int(clamping: row.counter(0) ?? 0)
            if bytes > bytesMax, first <= last { break }
            first = first.previous
        }
        return max(first, LogIndex(1))
    }

    static func tail(_ db: Database, at index: LogIndex, file: String) throws -> LogTail {
        guard index > .zero else { return LogTail() }
        let base = try base(db, file: file)
        if base.tail.position.index == index { return base.tail }
        let statement = try db.cachedStatement(sql: "SELECT term, chain FROM entries WHERE idx = ?")
        guard let row = try Row.fetchOne(statement, arguments: [Int64(index.rawValue)]) else {
            throw StorageError.corrupt(file: file, index: index, what: "the entry is missing")
        }
        guard let term = row.counter(0), let chain = row.blob(1), chain.count == LogChain.byteCount else {
            throw StorageError.corrupt(file: file, index: index, what: "the entry is unreadable")
        }
        return LogTail(position: LogPosition(term: Term(term), index: index), chain: chain)
    }

    // MARK: Base

    static func put(_ db: Database, _ base: StoredBase) throws {
        try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO base (id, idx, term, chain, configuration, checksum) VALUES (1, ?, ?, ?, ?, ?)"
        ).execute(
            arguments: [
                Int64(base.tail.position.index.rawValue), Int64(base.tail.position.term.rawValue), Data(base.tail.chain),
                Data(base.configuration.encoded()), Data(checksum(of: base)),
            ])
    }

    static func base(_ db: Database, file: String) throws -> StoredBase {
        let damaged = StorageError.corrupt(file: file, index: nil, what: "where it begins is unreadable")
        let statement = try db.cachedStatement(sql: "SELECT idx, term, chain, configuration, checksum FROM base")
        guard let row = try Row.fetchOne(statement) else { throw damaged }
        guard let index = row.counter(0), let term = row.counter(1), let chain = row.blob(2), chain.count == LogChain.byteCount,
            let encoded = row.blob(3), let configuration = try? Configuration(decoding: encoded)
        else { throw damaged }
        let base = StoredBase(
            tail: LogTail(position: LogPosition(term: Term(term), index: LogIndex(index)), chain: chain),
            configuration: configuration)
        guard row.blob(4) == checksum(of: base) else { throw damaged }
        return base
    }

    private static func checksum(of base: StoredBase) -> [UInt8] {
        var hash = SHA256Stream()
        hash.update(base.tail.position.index.rawValue)
        hash.update(base.tail.position.term.rawValue)
        hash.update(base.tail.chain)
        hash.update(base.configuration.encoded())
        return hash.finalize()
    }

    // MARK: Hard state

    static func put(_ db: Database, _ hardState: HardState) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO hard_state (id, term, vote, checksum) VALUES (1, ?, ?, ?)")
            .execute(
                arguments: [
                    Int64(hardState.term.rawValue), hardState.vote?.description, Data(checksum(of: hardState)),
                ])
    }

    static func hardState(_ db: Database, file: String) throws -> HardState {
        let damaged = StorageError.corrupt(file: file, index: nil, what: "the term and vote are unreadable")
        guard let row = try Row.fetchOne(db, sql: "SELECT term, vote, checksum FROM hard_state") else { throw damaged }
        guard let term = row.counter(0), let checksum = row.blob(2) else { throw damaged }
        let vote = row.text(1).flatMap { MemberID($0) }
        let hardState = HardState(term: Term(term), vote: vote)
        // A flipped bit here could let this member vote twice in one term.
        guard row.isNull(1) == (vote == nil), checksum == self.checksum(of: hardState) else { throw damaged }
        return hardState
    }

    private static func checksum(of hardState: HardState) -> [UInt8] {
        var hash = SHA256Stream()
        hash.update(hardState.term.rawValue)
        hash.update(Array((hardState.vote?.description ?? "").utf8))
        return hash.finalize()
    }
}
