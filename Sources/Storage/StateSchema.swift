import Crypto
import Foundation
import GRDB
import JOSE
import Raft
import TrustStore

/// The tables of state.db: one per collection of the trust store, each row with its own checksum.
enum StateSchema {
    static func create(_ db: Database, clusterID: String) throws {
        // No member id: a copy of this file is a snapshot, and must not be able to start as its member.
        try FileHeader.write(db, ["cluster_id": clusterID])
        try db.execute(
            sql: """
                CREATE TABLE applied (
                    id INTEGER PRIMARY KEY CHECK (id = 1), idx INTEGER NOT NULL, term INTEGER NOT NULL,
                    chain BLOB NOT NULL, configuration BLOB NOT NULL, effects BLOB NOT NULL, checksum BLOB NOT NULL)
                """)
        for collection in StateCollection.allCases { try createTable(db, collection) }
    }

    private static func createTable(_ db: Database, _ collection: StateCollection) throws {
        try db.execute(
            sql: """
                CREATE TABLE \(collection.rawValue) (
                    key TEXT PRIMARY KEY, value TEXT NOT NULL, checksum BLOB NOT NULL) WITHOUT ROWID
                """)
    }

    /// Collections that came after the first files of this format. A file without them is older; one without any other
    /// table is damaged, and must not pass for one that holds nothing.
    private static let laterCollections: Set<StateCollection> = [.removedMembers]

    static func addLaterTables(_ db: Database) throws {
        for collection in StateCollection.allCases where laterCollections.contains(collection) {
            if try !db.tableExists(collection.rawValue) { try createTable(db, collection) }
        }
    }

    private static let appliedColumns = "idx, term, chain, configuration, effects, checksum"

    static func put(_ db: Database, applied point: AppliedPoint) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO applied (id, \(appliedColumns)) VALUES (1, ?, ?, ?, ?, ?, ?)")
        try statement.execute(
            arguments: [
                Int64(point.position.index.rawValue), Int64(point.position.term.rawValue), Data(point.chain),
                Data(point.configuration.encoded()), Data(point.effects), Data(checksum(of: point)),
            ])
    }

    static func applied(_ db: Database, file: String) throws -> AppliedPoint {
        let damaged = StorageError.corrupt(file: file, index: nil, what: "the applied index is unreadable")
        guard let row = try Row.fetchOne(db, sql: "SELECT \(appliedColumns) FROM applied") else { throw damaged }
        guard let index = row.counter(0), let term = row.counter(1), let chain = row.blob(2),
            let encoded = row.blob(3), let configuration = try? Configuration(decoding: encoded), let effects = row.blob(4)
        else { throw damaged }
        let most = AppliedPoint.positionMax
        guard index <= most.index.rawValue, term <= most.term.rawValue else { throw damaged }
        let point = AppliedPoint(
            position: LogPosition(term: Term(term), index: LogIndex(index)), chain: chain, configuration: configuration,
            effects: effects)
        guard row.blob(5) == checksum(of: point) else { throw damaged }
        return point
    }

    static func perform(_ db: Database, _ change: StateChange) throws {
        let table = change.collection.rawValue
        guard let value = change.value else {
            try db.cachedStatement(sql: "DELETE FROM \(table) WHERE key = ?").execute(arguments: [change.key])
            return
        }
        var checksums = RowChecksum(table: table)
        let checksum = checksums.of(key: change.key.utf8.span, value: value.span)
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO \(table) (key, value, checksum) VALUES (?, ?, ?)")
            .execute(arguments: [change.key, String(decoding: value, as: UTF8.self), Data(checksum.indices.map { checksum[$0] })])
    }

    /// Every row, checked; a flipped bit in a revocation would otherwise bring its token back to life.
    static func rows(
        _ db: Database, file: String,
        _ body: (_ collection: StateCollection, _ key: Span<UInt8>, _ value: Span<UInt8>) throws -> Void
    ) throws {
        for collection in StateCollection.allCases {
            let table = collection.rawValue
            if laterCollections.contains(collection), try !db.tableExists(table) { continue }
            var checksums = RowChecksum(table: table)
            let statement = try db.makeStatement(sql: "SELECT key, value, checksum FROM \(table) ORDER BY key")
            let rows = try Row.fetchCursor(statement)
            while try rows.next() != nil {
                let isWhole = try statement.withKeyValueChecksum { key, value, checksum in
                    guard checksums.matches(checksum, key: key, value: value) else { return false }
                    try body(collection, key, value)
                    return true
                }
                guard isWhole == true else {
                    throw StorageError.corrupt(file: file, index: nil, what: "a row of \(table) does not fit its checksum")
                }
            }
        }
    }

    /// What became of the commands in a range of the log, as far as it is remembered.
    static func outcomes(_ db: Database, in range: ClosedRange<LogIndex>) throws -> [LogIndex: CommandOutcome] {
        let table = StateCollection.requests.rawValue
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT key, value, checksum FROM \(table) WHERE key BETWEEN ? AND ?"),
            arguments: [RequestRowKey.text(range.lowerBound), RequestRowKey.text(range.upperBound)])
        var outcomes: [LogIndex: CommandOutcome] = [:]
        var checksums = RowChecksum(table: table)
        while let row = try rows.next() {
            guard let key = row.text(0), let index = RequestRowKey.index(key), let value = row.text(1).map({ Array($0.utf8) }),
                let checksum = row.blob(2), checksums.matches(checksum.span, key: key.utf8.span, value: value.span), let json = try? JSON(trusting: value),
                let stored = json["outcome"], let outcome = try? CommandOutcome(encodedJSON: stored)
            else { continue }
            outcomes[index] = outcome
        }
        return outcomes
    }

    private static func checksum(of point: AppliedPoint) -> [UInt8] {
        var hash = SHA256Stream()
        hash.update(point.position.index.rawValue)
        hash.update(point.position.term.rawValue)
        hash.update(point.chain)
        hash.update(point.configuration.encoded())
        hash.update(point.effects)
        return Array(hash.finalize().prefix(8))
    }
}
