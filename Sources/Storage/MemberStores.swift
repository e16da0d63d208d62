import Raft

/// Both databases of a member, opened together: each says what the other may have lost or not finished.
package struct MemberStores {
    package let log: LogStore
    package let state: StateStore
    package let archive: AuditArchive
    /// Why the archive could not be opened, if so: the member goes on, and its log is not cut meanwhile.
    package let archiveTrouble: StorageError?
}

extension MemberStores {
    /// Finishes or undoes an installation that a crash interrupted, then opens the state, then the log with the
    /// state's help (`LogStore.open`).
    ///
    /// - Parameter isSpaceShort: the archive is opened later; even that takes space.
    package static func open(
        logPath: String, statePath: String, archivePath: String, identity: StoreIdentity, isSpaceShort: Bool = false
    ) throws(StorageError) -> MemberStores {
        let base = try LogStore.basePosition(path: logPath, identity: identity)
        try SnapshotFiles.finishInstallation(statePath: statePath, logBase: base)
        let state = try StateStore.open(path: statePath, clusterID: identity.clusterID)
        let log = try LogStore.open(path: logPath, identity: identity, applied: state.applied)
        let archive = AuditArchive(path: archivePath, identity: identity)
        return MemberStores(log: log, state: state, archive: archive, archiveTrouble: isSpaceShort ? .diskFull(file: archivePath) : try trouble(opening: archive))
    }

    /// A file of another member or a newer version is a mistake that a start must not go over.
    private static func trouble(opening archive: AuditArchive) throws(StorageError) -> StorageError? {
        do throws(StorageError) {
            try archive.open()
            return nil
        } catch {
            switch error {
            case .diskFull, .ioError, .archiveDamaged: return error
            default: throw error
            }
        }
    }
}

extension LogStore {
    /// What the log begins after, without reading the rest of it.
    static func basePosition(path: String, identity: StoreIdentity) throws(StorageError) -> LogPosition {
        let file = try SQLiteFile.open(path: path, durability: .full)
        let base = try file.read { db in
            try FileHeader.check(FileHeader.read(db, file: path), identity, file: path)
            return try LogSchema.base(db, file: path).tail.position
        }
        try file.close()
        return base
    }
}
