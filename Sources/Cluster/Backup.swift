package import Crypto
import EventLoop
import Storage
package import JOSE
import Raft

/// A backup file, looked at without a member.
package struct Backup: Sendable {
    /// Without the data key.
    package let description: JSON
    package let clusterID: String
    package let clusterName: String
    package let memberName: String
    package let index: UInt64
    /// Unix seconds.
    package let madeAt: Int64
    package let isCurrent: Bool
    /// Whoever reads the file has every key of the cluster.
    package let holdsKeyInClear: Bool
    package let byteCount: UInt64
    private let rows: JSONObject

    private init(_ manifest: BackupManifest) {
        description = manifest.publicJSON
        clusterID = manifest.clusterID
        clusterName = manifest.clusterName
        memberName = manifest.memberName
        index = manifest.position.index.rawValue
        madeAt = manifest.madeAt
        isCurrent = manifest.isCurrent
        if case .inClear = manifest.key { holdsKeyInClear = true } else { holdsKeyInClear = false }
        byteCount = BackupFile.byteCount(manifest)
        rows = manifest.rows
    }

    /// Reads all of it: the checksums speak for every byte.
    package static func check(_ path: String) throws(BackupFault) -> Backup {
        do throws(BackupError) { return Backup(try BackupFile.check(path)) } catch { throw BackupFault(description: error.description) }
    }

    /// Takes the state out as well, and looks at every page and row of it: what a restore would do.
    ///
    /// - Parameter scratch: a path for the copy, which is removed again.
    package static func checkState(_ path: String, scratch: String) throws(BackupFault) -> Backup {
        defer { removeScratch(scratch) }
        do throws(BackupError) {
            let manifest = try BackupFile.extractState(path, to: scratch)
            let (store, _) = try BackupFile.openState(scratch, manifest, file: path)
            try? store.close()
            return Backup(manifest)
        } catch {
            throw BackupFault(description: error.description)
        }
    }

    static func removeScratch(_ path: String) {
        for suffix in ["", "-wal", "-shm"] { try? PrivateFile.remove(path + suffix) }
    }

    /// Whether a passphrase opens the data key inside.
    package static func checkKey(_ path: String, passphrase: SecretBytes) throws(BackupFault) {
        do throws(BackupError) {
            let manifest = try BackupFile.check(path)
            _ = try manifest.key.open(clusterID: manifest.clusterID, passphrase: passphrase, file: path)
        } catch {
            throw BackupFault(description: error.description)
        }
    }

    /// By its first bytes; what is in it may still be damaged.
    package static func isOne(_ path: String) -> Bool { BackupFile.isOne(path) }

    /// How long a file will be of which this is the beginning; nil while too little is there.
    package static func expectedByteCount(beginning bytes: [UInt8]) -> UInt64? { BackupFile.expectedByteCount(beginning: bytes) }

    package func count(of collection: String) -> Int64 { rows[collection]?.integerValue ?? 0 }
}

/// Why a file is no backup that could be restored, with what to do.
package struct BackupFault: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
}
