import Crypto
import GRDB
import Raft
import TrustStore

/// A copy of the applied state that was made for a backup: every page and row has been looked at.
package struct BackupCopy: Sendable {
    package let path: String
    package let point: AppliedPoint
    package let rowCounts: [(collection: String, count: Int)]
    package let byteCount: UInt64
    package let hash: [UInt8]

    /// Up to `countMax` bytes from `offset` on; fewer at the end.
    package func read(from offset: UInt64, countMax: Int) throws(StorageError) -> [UInt8] {
        do throws(PrivateFile.Failure) {
            return try PrivateFile.read(path: path, from: offset, countMax: countMax)
        } catch {
            throw .ioError(file: path, what: error.description)
        }
    }

    package func remove() { try? PrivateFile.remove(path: path) }
}

extension SnapshotFiles {
    /// A copy of the state as it is now. Whoever asked for it removes it; what is left of an earlier run goes at the next start.
    package func makeBackup() throws(StorageError) -> BackupCopy {
        let path = "\(directory)/\(SnapshotFileName.backup())"
        do throws(StorageError) {
            try SQLiteFile.reading(path: statePath) { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
            try Self.onDisk(path) { () throws(PrivateFile.Failure) in try PrivateFile.setMode(path: path) }
            let clusterID = clusterID
            let (point, counts) = try SQLiteFile.reading(path: path) { db in
                try FileHeader.check(FileHeader.read(db, file: path), clusterID: clusterID, file: path)
                let finding = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)")
                guard finding == "ok" else { throw StorageError.corrupt(file: path, index: nil, what: finding ?? "no finding") }
                var found: [StateCollection: Int] = [:]
                try StateSchema.rows(db, file: path) { collection, _, _ in
                    found[collection, default: 0] += 1
                }
                let counts = StateCollection.allCases.map { (collection: $0.rawValue, count: found[$0] ?? 0) }
                return (try StateSchema.applied(db, file: path), counts)
            }
            let byteCount = try Self.onDisk(path) { () throws(PrivateFile.Failure) in try PrivateFile.size(path: path) }
            return BackupCopy(
                path: path, point: point, rowCounts: counts, byteCount: byteCount, hash: try Self.hash(of: path))
        } catch {
            try? PrivateFile.remove(path: path)
            throw error
        }
    }
}
