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
    private let file: SQLiteFile
    /// The entry up to which this state holds; the member applies from the next one on.
    package private(set) var applied: LogPosition

    private init(file: SQLiteFile, applied: LogPosition) {
        self.file = file
        self.applied = applied
    }

    package static func create(path: String, clusterID: String) throws(StorageError) -> StateStore {
        let file = try SQLiteFile.create(path: path, durability: .normal) { db in
            try StateSchema.create(db, clusterID: clusterID)
            try StateSchema.put(db, applied: .zero)
        }
        return StateStore(file: file, applied: .zero)
    }

    package static func open(path: String, clusterID: String) throws(StorageError) -> StateStore {
        let file = try SQLiteFile.open(path: path, durability: .normal)
        let applied = try file.read { db in
            try FileHeader.check(FileHeader.read(db, file: path), clusterID: clusterID, file: path)
            return try StateSchema.applied(db, file: path)
        }
        try file.checkPages()
        return StateStore(file: file, applied: applied)
    }

    /// Every row, checked against its checksum and read into the trust store's types.
    package func loadState() throws(StorageError) -> TrustState {
        let path = file.path
        return try file.read { db in
            var loader = TrustStateLoader()
            do {
                try StateSchema.rows(db, file: path) { try loader.add(collection: $0, key: $1, value: $2) }
                return try loader.finish()
            } catch let error as StateLoadError {
                throw StorageError.corrupt(file: path, index: nil, what: error.description)
            }
        }
    }

    /// Stores the effects of the entries up to `index`, all or nothing. Several entries may share one
    /// call, their changes one after the other; entries that change nothing are covered by the index.
    package func apply(_ changes: [StateChange], through index: LogIndex, term: Term) throws(StorageError) {
        let position = LogPosition(term: term, index: index)
        let before = applied
        try file.write { db in
            guard position.index > before.index else {
                throw StorageError.outOfOrder(expected: before.index.next, found: position.index)
            }
            // Only the last change of a row counts, and some rows change with every entry.
            var done: Set<RowID> = []
            for change in changes.reversed() where done.insert(RowID(change.collection, change.key)).inserted {
                try StateSchema.perform(db, change)
            }
            try StateSchema.put(db, applied: position)
        }
        applied = position
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
