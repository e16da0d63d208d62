import Crypto
import Foundation
import GRDB
import JOSE
import Raft
import TrustStore

/// Rows of entries as readers of the audit record take them, from log.db and audit.db alike: of the right shape, and
/// with their hashes unchecked, because a server that leaves out what does not fit would hide it from whoever verifies.
enum AuditRows {
    static let archiveColumns = LogSchema.columns + ", outcome, checksum"

    /// Consecutive rows from `first` on: at least one if it exists, and no more than both bounds allow.
    static func read(
        _ db: Database, columns: String, file: String, from first: LogIndex, through last: LogIndex, countMax: Int, bytesMax: Int
    ) throws -> [AuditRecord] {
        guard first <= last, countMax > 0 else { return [] }
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT \(columns) FROM entries WHERE idx BETWEEN ? AND ? ORDER BY idx LIMIT ?"),
            arguments: [Int64(clamping: first.rawValue), Int64(clamping: last.rawValue), Int64(countMax)])
        var records: [AuditRecord] = []
        var bytes = 0
        var expected = first
        while let row = try rows.next() {
            guard row.counter(0) == expected.rawValue else { break }
            let record = try record(row, at: expected, file: file)
            bytes += record.entry.payload.count
            if bytes > bytesMax, !records.isEmpty { break }
            records.append(record)
            expected = expected.next
        }
        return records
    }

    static func record(_ row: Row, at index: LogIndex, file: String) throws -> AuditRecord {
        guard let term = row.counter(1), term <= Term.max.rawValue,
            let kind = row.counter(2).flatMap({ UInt8(exactly: $0) }).flatMap(EntryKind.init(rawValue:)),
            let payload = row.blob(3), let chain = row.blob(4), chain.count == LogChain.byteCount
        else { throw StorageError.corrupt(file: file, index: index, what: "the entry is unreadable") }
        let entry = Entry(index: index, term: Term(term), kind: kind, payload: payload)
        guard row.count > 5 else { return AuditRecord(entry: entry, chain: chain) }
        let text = row.text(5)
        guard row.isNull(5) == (text == nil), row.blob(6) == checksum(outcome: text, chain: chain) else {
            throw StorageError.corrupt(file: file, index: index, what: "its outcome does not fit its checksum")
        }
        let outcome = text.flatMap { try? JSON(trusting: Array($0.utf8)) }.flatMap { try? CommandOutcome(encodedJSON: $0) }
        return AuditRecord(entry: entry, chain: chain, outcome: outcome)
    }

    static func insert(_ db: Database, _ record: AuditRecord) throws {
        let outcome = record.outcome?.encodedJSON.encodedString
        let entry = record.entry
        try db.cachedStatement(sql: "INSERT INTO entries (\(archiveColumns)) VALUES (?, ?, ?, ?, ?, ?, ?)").execute(
            arguments: [
                Int64(entry.index.rawValue), Int64(entry.term.rawValue), Int64(entry.kind.rawValue), Data(entry.payload),
                Data(record.chain), outcome, Data(checksum(outcome: outcome, chain: record.chain)),
            ])
    }

    /// The outcome is no part of the chain, since the log does not hold it; this ties it to its entry, against accidents.
    static func checksum(outcome: String?, chain: [UInt8]) -> [UInt8] {
        var hash = SHA256Stream()
        hash.update(chain)
        hash.update(UInt64(outcome == nil ? 0 : 1))
        hash.update(Array((outcome ?? "").utf8))
        return Array(hash.finalize().prefix(8))
    }
}
