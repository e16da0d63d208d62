import Crypto
import Foundation
import GRDB
import Raft

/// The tables of audit.db.
///
/// `entries` has the rows of the log, with what became of each command. `starts` has the points after which a stretch
/// of them begins: one, unless the member was given a snapshot in between. `set_aside` has what cannot be part of the
/// record any more, as it was found: rows of a history that the cluster does not share, and damaged ones.
enum ArchiveSchema {
    static func create(_ db: Database, _ identity: StoreIdentity) throws {
        try FileHeader.write(db, ["cluster_id": identity.clusterID, "member_id": identity.memberID.description])
        try db.execute(
            sql: """
                CREATE TABLE entries (
                    idx INTEGER PRIMARY KEY, term INTEGER NOT NULL, kind INTEGER NOT NULL,
                    payload BLOB NOT NULL, chain BLOB NOT NULL, outcome TEXT, checksum BLOB NOT NULL);
                CREATE TABLE starts (
                    idx INTEGER PRIMARY KEY, term INTEGER NOT NULL, chain BLOB NOT NULL, checksum BLOB NOT NULL);
                CREATE TABLE set_aside (idx, term, kind, payload, chain, UNIQUE (idx, chain, payload));
                """)
    }

    static func putStart(_ db: Database, _ start: LogTail) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO starts (idx, term, chain, checksum) VALUES (?, ?, ?, ?)",
            arguments: [
                Int64(start.position.index.rawValue), Int64(start.position.term.rawValue), Data(start.chain),
                Data(checksum(of: start)),
            ])
    }

    static func starts(_ db: Database, file: String, upTo index: LogIndex = .max) throws -> [LogTail] {
        try Row.fetchAll(
            db, sql: "SELECT idx, term, chain, checksum FROM starts WHERE idx <= ? ORDER BY idx", arguments: [Int64(clamping: index.rawValue)]
        ).map { row in
            guard let index = row.counter(0), let term = row.counter(1), let chain = row.blob(2), chain.count == LogChain.byteCount
            else { throw StorageError.corrupt(file: file, index: nil, what: "where a stretch begins is unreadable") }
            let start = LogTail(position: LogPosition(term: Term(term), index: LogIndex(index)), chain: chain)
            guard row.blob(3) == checksum(of: start) else {
                throw StorageError.corrupt(file: file, index: start.position.index, what: "the start after it does not fit its checksum")
            }
            return start
        }
    }

    /// The row or start at `index`; nil when the archive holds neither.
    static func point(_ db: Database, at index: LogIndex, file: String) throws -> LogTail? {
        let statement = try db.cachedStatement(sql: "SELECT term, chain FROM entries WHERE idx = ?")
        if let row = try Row.fetchOne(statement, arguments: [Int64(clamping: index.rawValue)]) {
            guard let term = row.counter(0), let chain = row.blob(1), chain.count == LogChain.byteCount else {
                throw StorageError.corrupt(file: file, index: index, what: "the entry is unreadable")
            }
            return LogTail(position: LogPosition(term: Term(term), index: index), chain: chain)
        }
        return try starts(db, file: file, upTo: index).last.flatMap { $0.position.index == index ? $0 : nil }
    }

    /// The end of what is archived; nil in a new archive.
    static func tail(_ db: Database, file: String) throws -> LogTail? {
        let newest = try Row.fetchOne(db, sql: "SELECT max(idx) FROM (SELECT idx FROM entries UNION ALL SELECT idx FROM starts)")
        guard let index = newest?.counter(0) else { return nil }
        return try point(db, at: LogIndex(index), file: file)
    }

    /// The record goes on after `start`. What the archive has from there on is of another history.
    ///
    /// - Parameter isHeld: the archive has `start` itself already, so that no new stretch begins.
    static func resume(_ db: Database, at start: LogTail, isHeld: Bool) throws {
        let first = Int64((isHeld ? start.position.index.next : start.position.index).rawValue)
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO set_aside SELECT idx, term, kind, payload, chain FROM entries WHERE idx >= \(first);
                DELETE FROM entries WHERE idx >= \(first);
                DELETE FROM starts WHERE idx >= \(first);
                """)
        guard !isHeld else { return }
        // A stretch in which nothing ever came says nothing.
        try db.execute(sql: "DELETE FROM starts WHERE NOT EXISTS (SELECT 1 FROM entries WHERE entries.idx > starts.idx)")
        try putStart(db, start)
    }

    /// Forgets everything through `end`, after which the record begins from now on.
    static func forget(_ db: Database, through end: LogTail) throws {
        let index = Int64(end.position.index.rawValue)
        try db.execute(
            sql: """
                DELETE FROM entries WHERE idx <= \(index);
                DELETE FROM starts WHERE idx <= \(index);
                DELETE FROM set_aside WHERE idx <= \(index);
                """)
        try putStart(db, end)
    }

    private static func checksum(of start: LogTail) -> [UInt8] {
        var hash = SHA256Stream()
        hash.update(start.position.index.rawValue)
        hash.update(start.position.term.rawValue)
        hash.update(start.chain)
        return Array(hash.finalize().prefix(8))
    }
}
