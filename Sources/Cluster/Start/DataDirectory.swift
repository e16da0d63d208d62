import EventLoop
import JOSE
import Storage

/// The files of one member, and the lock that keeps a second process out of them.
final class DataDirectory: Sendable {
    let path: String
    private let lock: ProcessLock

    var memberFilePath: String { path + "/member.json" }
    var keystorePath: String { path + "/keystore.json" }
    /// Opens the keystore of a member without a passphrase.
    var keyFilePath: String { path + "/keystore.key" }
    var lineagePath: String { path + "/lineage.json" }
    var logPath: String { path + "/log.db" }
    var statePath: String { path + "/state.db" }
    /// What the log no longer holds of the audit record.
    var archivePath: String { path + "/audit.db" }
    var reservePath: String { path + "/reserve" }
    var snapshotPath: String { path + "/snapshots" }

    /// One that is there already, for commands that must not make one.
    convenience init(existing path: String) throws(StartError) {
        guard PrivateFile.exists(path + "/member.json") else { throw .noMember(path: path) }
        try self.init(opening: path)
    }

    init(opening path: String) throws(StartError) {
        self.path = path
        do {
            try PrivateFile.makeDirectory(path)
            lock = try ProcessLock.acquire(directory: path)
        } catch ProcessLockError.held(let process, _) {
            throw .dataDirectoryInUse(path: path, holder: process.map { "process \($0)" } ?? "another process")
        } catch {
            throw .dataDirectoryUnusable(path: path, reason: "\(error)")
        }
    }

    /// For a member that has stopped while its process goes on.
    func release() {
        lock.release()
    }

    /// Nil when there is none.
    func readMemberFile() throws(StartError) -> MemberFile? {
        guard PrivateFile.exists(memberFilePath) else {
            for file in databaseFiles + [keystorePath, keyFilePath] where PrivateFile.exists(file) {
                throw .notADataDirectory(path: path)
            }
            return nil
        }
        do {
            let bytes = try PrivateFile.read(memberFilePath, bytesMax: MemberFile.bytesMax)
            return try MemberFile(JSON(parsing: bytes))
        } catch {
            throw .fileUnreadable(path: memberFilePath, reason: "\(error)")
        }
    }

    func write(_ file: MemberFile) throws(StartError) {
        do {
            try PrivateFile.write(file.json.encoded(), to: memberFilePath)
        } catch {
            throw .dataDirectoryUnusable(path: path, reason: "\(error)")
        }
    }

    /// Removes what an unfinished founding left, member.json last, so that a kill half-way repeats this.
    func clear() throws(StartError) {
        try remove(databaseFiles + [keystorePath, keyFilePath, lineagePath])
        try removeTemporaries()
        try remove([memberFilePath])
    }

    /// What writes that were cut short have left beside the files; the keys may be in it.
    func removeTemporaries() throws(StartError) {
        try remove(Keystore.temporaries(path: keystorePath, keyFilePath: keyFilePath))
        do throws(FileError) {
            for file in [keystorePath, keyFilePath, memberFilePath, lineagePath] { try PrivateFile.removeTemporaries(of: file) }
        } catch {
            throw .dataDirectoryUnusable(path: path, reason: "\(error)")
        }
    }

    /// Removes databases that an unfinished join made; no entry was ever acknowledged from them.
    func clearDatabases() throws(StartError) {
        try remove(databaseFiles)
    }

    private var databaseFiles: [String] {
        [logPath, statePath, archivePath].flatMap { [$0, $0 + "-wal", $0 + "-shm", $0 + ".next"] } + [logPath + ".mark"]
    }

    /// Everything that a member leaves in its directory, the secrets first; member.json, which says that this is under way, stays.
    func removeMember() throws(StartError) {
        try remove([keystorePath, keyFilePath])
        try removeTemporaries()
        try remove(databaseFiles + [lineagePath, reservePath, path + "/credence.sock"])
        do throws(StorageError) {
            try SnapshotFiles.removeAll(directory: snapshotPath)
        } catch {
            throw .storage(error)
        }
    }

    /// The last step of a wipe.
    func removeMemberFile() throws(StartError) { try remove([memberFilePath]) }

    private func remove(_ files: [String]) throws(StartError) {
        do {
            for file in files where PrivateFile.exists(file) { try PrivateFile.remove(file) }
        } catch {
            throw .dataDirectoryUnusable(path: path, reason: "\(error)")
        }
    }
}
