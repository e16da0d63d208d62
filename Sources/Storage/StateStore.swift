import GRDB
package import Raft
package import TrustStore

/// The applied state of one member, in one SQLite file (`state.db`), with the index it stands at in
/// the same transaction as the effects of the entries up to there.
///
/// `synchronous=NORMAL` is enough: the log, which is synced, comes first, so a power cut that takes back
/// the newest transactions only means that the member applies those entries again. It cannot take back a
/// part of one, and so index and effects never part. Not thread-safe; the storage thread owns it.
package final class StateStore {
    private var file: SQLiteFile
    private let clusterID: String
    /// The entry up to which this state holds; the member applies from the next one on.
    package private(set) var applied: AppliedPoint

    private init(file: SQLiteFile, clusterID: String, applied: AppliedPoint) {
        self.file = file
        self.clusterID = clusterID
        self.applied = applied
    }

    package static func create(path: String, clusterID: String) throws(StorageError) -> StateStore {
        let file = try SQLiteFile.create(path: path, durability: .normal, letsReadersIn: true) { db in
            try StateSchema.create(db, clusterID: clusterID)
            try StateSchema.put(db, applied: .start)
        }
        return StateStore(file: file, clusterID: clusterID, applied: .start)
    }

    package static func open(path: String, clusterID: String) throws(StorageError) -> StateStore {
        let (file, applied) = try openFile(path: path, clusterID: clusterID)
        return StateStore(file: file, clusterID: clusterID, applied: applied)
    }

    private static func openFile(
        path: String, clusterID: String
    ) throws(StorageError) -> (SQLiteFile, AppliedPoint) {
        let file = try SQLiteFile.open(path: path, durability: .normal, letsReadersIn: true)
        let applied = try file.read { db in
            try FileHeader.check(FileHeader.read(db, file: path), clusterID: clusterID, file: path)
            return try StateSchema.applied(db, file: path)
        }
        try file.checkPages()
        try file.write { db in try StateSchema.addLaterTables(db) }
        return (file, applied)
    }

    /// Every row, checked against its checksum and read into the trust store's types.
    package func loadState() throws(StorageError) -> TrustState {
        let path = file.path
        return try file.read { try Self.load($0, file: path) }
    }

    /// Before any row is read: those of a later level may be of kinds that this binary takes for damage.
    private static func checkLevel(_ db: Database, file: String) throws {
        let sql = "SELECT json_extract(value, '$.feature_level') FROM \(StateCollection.meta.rawValue)"
        guard let level = try Row.fetchOne(db, sql: sql)?.integer(0), level > TrustState.featureLevel else { return }
        throw StorageError.unsupportedVersion(
            file: file, found: "feature level \(level)", supported: Int(TrustState.featureLevel))
    }

    static func load(_ db: Database, file path: String) throws -> TrustState {
        try checkLevel(db, file: path)
        var loader = TrustStateLoader()
        do {
            try StateSchema.rows(db, file: path) { try loader.add($0, key: $1, value: $2) }
            return try loader.finish()
        } catch let error as StateLoadError {
            throw StorageError.corrupt(file: path, index: nil, what: error.description)
        }
    }

    /// Looks through every page and row, as another connection would; for a scrub in the background.
    package static func scrub(path: String) throws(StorageError) {
        try SQLiteFile.reading(path: path) { db in
            // One transaction, so that every row is of one moment.
            try db.inTransaction(.deferred) {
                try SQLiteFile.checkPages(db, file: path)
                try StateSchema.rows(db, file: path) { _, _, _ in }
                return .commit
            }
        }
    }

    /// Stores the effects of the entries up to `point`, all or nothing. Several entries may share one
    /// call, their changes one after the other; entries that change nothing are covered by the index.
    package func apply(_ changes: [StateChange], through point: AppliedPoint) throws(StorageError) {
        let before = applied.position.index
        try file.write { db in
            guard point.position.index > before else {
                throw StorageError.outOfOrder(expected: before.next, found: point.position.index)
            }
            // Only the last change of a row counts, and some rows change with every entry.
            var done: Set<RowID> = []
            for change in changes.reversed() where done.insert(RowID(change.collection, change.key)).inserted {
                try StateSchema.perform(db, change)
            }
            try StateSchema.put(db, applied: point)
        }
        applied = point
    }

    /// What became of the commands in a range of the log, as far as it is remembered; for the audit record.
    package func outcomes(in range: ClosedRange<LogIndex>) throws(StorageError) -> [LogIndex: CommandOutcome] {
        try file.read { try StateSchema.outcomes($0, in: range) }
    }

    /// Makes durable what `apply` has stored. False when a reader stood in the way.
    package func sync() throws(StorageError) -> Bool { try file.sync() }

    /// Puts the file at `next`, a verified snapshot, in this file's place. A crash at any point leaves one of
    /// the two, whole: `SnapshotFiles.finishInstallation` goes on from there.
    ///
    /// - Throws: nothing that could be tried again here, also when it is space that lacks: the old file is closed.
    package func replace(by next: String) throws(StorageError) {
        let path = file.path
        do throws(StorageError) {
            try file.close()
            try SnapshotFiles.swap(next, into: path)
            (file, applied) = try Self.openFile(path: path, clusterID: clusterID)
        } catch {
            guard case .diskFull = error else { throw error }
            throw .ioError(file: path, what: "no space left while a snapshot was installed")
        }
    }

    package func close() throws(StorageError) {
        try file.close()
    }
}

private struct RowID: Hashable {
    let collection: StateCollection
    let key: String

    init(_ collection: StateCollection, _ key: String) {
        self.collection = collection
        self.key = key
    }
}
