import Crypto
import GRDB
package import Raft
package import TrustStore

/// A snapshot that has been checked, and the state inside it.
package struct VerifiedSnapshot: Sendable {
    package let descriptor: SnapshotDescriptor
    package let point: AppliedPoint
    package let state: TrustState
}

/// The files of snapshots: made here for others, or arriving here from a leader (docs/consensus.md §8).
///
/// A snapshot is a copy of `state.db` at one applied index. Making and checking one takes as long as the state is
/// large, so all of this happens on a thread of its own. Not thread-safe.
package final class SnapshotFiles {
    /// What arrived is synced at least so often: a resume after a power cut then repeats no more.
    static let syncBytes: UInt64 = 16 << 20
    private static let sidecarBytesMax = 4096

    let directory: String
    let statePath: String
    let clusterID: String
    /// Made here, by id.
    private var made: [SnapshotID: String] = [:]
    private var incoming: SnapshotDescriptor?
    private var incomingBytes: UInt64 = 0
    private var unsyncedBytes: UInt64 = 0

    private var partPath: String { "\(directory)/\(SnapshotFileName.part)" }
    private var sidecarPath: String { "\(directory)/\(SnapshotFileName.sidecar)" }

    /// Makes the directory. Snapshots made by an earlier run are of no use and go; what has arrived stays.
    package init(directory: String, statePath: String, clusterID: String) throws(StorageError) {
        self.directory = directory
        self.statePath = statePath
        self.clusterID = clusterID
        try Self.onDisk(directory) { () throws(PrivateFile.Failure) in
            try PrivateFile.makeDirectory(path: directory)
        }
        // Where it leads, another one's files may lie, and snapshots would be made and removed there.
        guard !PrivateFile.isLink(path: directory) else { throw .isLink(file: directory) }
        try Self.onDisk(directory) { () throws(PrivateFile.Failure) in
            try PrivateFile.removeFiles(in: directory) { SnapshotFileName.isOne($0) && !SnapshotFileName.isIncoming($0) }
        }
    }

    /// What this makes in the directory, and the directory when it is empty then. Of a link only the link: nothing of what it
    /// leads to is known to be a member's.
    package static func removeAll(directory: String) throws(StorageError) {
        try onDisk(directory) { () throws(PrivateFile.Failure) in
            if PrivateFile.isLink(path: directory) { return try PrivateFile.remove(path: directory) }
            do throws(PrivateFile.Failure) {
                try PrivateFile.removeFiles(in: directory, where: SnapshotFileName.isOne)
            } catch {
                if error.isMissing { return }
                throw error
            }
            try PrivateFile.removeDirectory(path: directory)
        }
    }

    // MARK: - For others

    /// A copy of the state as it is now, on the disk under its final name.
    package func make() throws(StorageError) -> SnapshotDescriptor {
        let draft = "\(directory)/\(SnapshotFileName.draft)"
        try Self.onDisk(draft) { () throws(PrivateFile.Failure) in try PrivateFile.remove(path: draft) }
        try SQLiteFile.reading(path: statePath) { try $0.execute(sql: "VACUUM INTO ?", arguments: [draft]) }
        let point = try SQLiteFile.reading(path: draft) { try StateSchema.applied($0, file: draft) }
        let hash = try Self.hash(of: draft)
        let id = SnapshotID(position: point.position, hash: hash)
        let path = "\(directory)/\(SnapshotFileName.made(at: point.position, hash: hash))"
        let byteCount = try Self.onDisk(path) { () throws(PrivateFile.Failure) in
            try PrivateFile.setMode(path: draft)
            try PrivateFile.sync(path: draft)
            try PrivateFile.move(draft, to: path)
            return try PrivateFile.size(path: path)
        }
        made[id] = path
        return SnapshotDescriptor(id: id, configuration: point.configuration, byteCount: byteCount)
    }

    package func read(_ request: ChunkRequest) throws(StorageError) -> [UInt8] {
        guard let path = made[request.snapshot] else { return [] }
        return try Self.onDisk(path) { () throws(PrivateFile.Failure) in
            try PrivateFile.read(path: path, from: request.offset, countMax: min(request.bytesMax, SnapshotChunk.bytesMax))
        }
    }

    package func release(_ id: SnapshotID) throws(StorageError) {
        guard let path = made.removeValue(forKey: id) else { return }
        try Self.onDisk(path) { () throws(PrivateFile.Failure) in try PrivateFile.remove(path: path) }
    }

    // MARK: - From a leader

    /// Expects a snapshot; what is there of the very same one counts. Returns how many bytes that is.
    package func stage(_ descriptor: SnapshotDescriptor) throws(StorageError) -> UInt64 {
        if incoming != descriptor {
            let found = try? PrivateFile.read(path: sidecarPath, bytesMax: Self.sidecarBytesMax)
            let wanted = SnapshotSidecar(descriptor).encoded
            if found != wanted {
                try Self.onDisk(partPath) { () throws(PrivateFile.Failure) in
                    try PrivateFile.remove(path: partPath)
                    try PrivateFile.replace(path: sidecarPath, bytes: wanted)
                }
            }
            incoming = descriptor
        }
        let size = PrivateFile.exists(path: partPath)
            ? try Self.onDisk(partPath) { () throws(PrivateFile.Failure) in try PrivateFile.size(path: partPath) } : 0
        if size > descriptor.byteCount { return try restage(descriptor) }
        incomingBytes = size
        return size
    }

    private func restage(_ descriptor: SnapshotDescriptor) throws(StorageError) -> UInt64 {
        try discard()
        return try stage(descriptor)
    }

    /// Appends a piece if it begins where the file ends. Returns how many bytes are there now.
    package func write(_ chunk: SnapshotChunk) throws(StorageError) -> UInt64 {
        guard let incoming, incoming.id == chunk.id, chunk.offset == incomingBytes,
            UInt64(chunk.bytes.count) <= incoming.byteCount - incomingBytes else { return incomingBytes }
        try Self.onDisk(partPath) { () throws(PrivateFile.Failure) in
            try PrivateFile.append(path: partPath, bytes: chunk.bytes, at: chunk.offset)
            unsyncedBytes += UInt64(chunk.bytes.count)
            if unsyncedBytes >= Self.syncBytes {
                try PrivateFile.sync(path: partPath)
                unsyncedBytes = 0
            }
        }
        incomingBytes += UInt64(chunk.bytes.count)
        return incomingBytes
    }

    /// Everything about the file that arrived: its length and hash, whose it is, its pages and rows, and that it
    /// stands where its sender said. Synced when this returns. Nil for one that is not sound, which is removed.
    ///
    /// - Throws: `unsupportedVersion` for one that only a newer binary can read: fetching it again would not help.
    package func verify(_ descriptor: SnapshotDescriptor) throws(StorageError) -> VerifiedSnapshot? {
        guard incoming == descriptor, incomingBytes == descriptor.byteCount, try Self.hash(of: partPath) == descriptor.id.hash
        else {
            try discard()
            return nil
        }
        let path = partPath
        let clusterID = clusterID
        do throws(StorageError) {
            let (point, state) = try SQLiteFile.reading(path: path) { db in
                try FileHeader.check(FileHeader.read(db, file: path), clusterID: clusterID, file: path)
                let finding = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)")
                guard finding == "ok" else { throw StorageError.corrupt(file: path, index: nil, what: finding ?? "no finding") }
                return (try StateSchema.applied(db, file: path), try StateStore.load(db, file: path))
            }
            guard point.position == descriptor.position, point.configuration == descriptor.configuration else {
                throw StorageError.corrupt(file: path, index: nil, what: "it stands elsewhere than its sender said")
            }
            try Self.onDisk(path) { () throws(PrivateFile.Failure) in try PrivateFile.sync(path: path) }
            return VerifiedSnapshot(descriptor: descriptor, point: point, state: state)
        } catch {
            switch error {
            case .ioError, .unsupportedVersion: throw error
            default:
                try discard()
                return nil
            }
        }
    }

    package func discard() throws(StorageError) {
        incoming = nil
        incomingBytes = 0
        try Self.onDisk(partPath) { () throws(PrivateFile.Failure) in
            try PrivateFile.remove(path: partPath)
            try PrivateFile.remove(path: sidecarPath)
        }
    }

    // MARK: - Installing (docs/consensus.md §8): three steps, each of which a crash may follow

    /// First step: the verified file gets the name under which a restart would find it. May be repeated until the
    /// next step is done.
    package static func beginInstallation(directory: String, statePath: String) throws(StorageError) {
        let next = nextPath(statePath)
        let arrived = "\(directory)/\(SnapshotFileName.part)"
        try onDisk(next) { () throws(PrivateFile.Failure) in
            if PrivateFile.exists(path: arrived) || !PrivateFile.exists(path: next) {
                try PrivateFile.move(arrived, to: next)
            } else {
                // The name may not have been made durable the first time.
                try PrivateFile.syncDirectory(of: next)
            }
            try PrivateFile.remove(path: "\(directory)/\(SnapshotFileName.sidecar)")
        }
    }

    package static func nextPath(_ statePath: String) -> String { statePath + ".next" }

    /// Last step, after the log has been switched. The old WAL goes first: SQLite would apply it to the new file.
    static func swap(_ next: String, into statePath: String) throws(StorageError) {
        try onDisk(statePath) { () throws(PrivateFile.Failure) in
            try PrivateFile.remove(path: statePath + "-wal")
            try PrivateFile.remove(path: statePath + "-shm")
            try PrivateFile.syncDirectory(of: statePath)
            try PrivateFile.move(next, to: statePath)
        }
    }

    /// At the next start: the log's base says whether the switch had happened.
    package static func finishInstallation(statePath: String, logBase: LogPosition) throws(StorageError) {
        let next = nextPath(statePath)
        guard PrivateFile.exists(path: next) else { return }
        let point = try? SQLiteFile.reading(path: next) { try StateSchema.applied($0, file: next) }
        if let point, point.position == logBase, logBase != .zero {
            try swap(next, into: statePath)
        } else {
            try onDisk(next) { () throws(PrivateFile.Failure) in try PrivateFile.remove(path: next) }
        }
    }

    // MARK: -

    static func hash(of path: String) throws(StorageError) -> [UInt8] {
        try onDisk(path) { () throws(PrivateFile.Failure) in
            var hash = SHA256Stream()
            var offset: UInt64 = 0
            while true {
                let bytes = try PrivateFile.read(path: path, from: offset, countMax: 1 << 20)
                if bytes.isEmpty { return hash.finalize() }
                hash.update(bytes)
                offset += UInt64(bytes.count)
            }
        }
    }

    static func onDisk<Value>(
        _ path: String, _ work: () throws(PrivateFile.Failure) -> Value
    ) throws(StorageError) -> Value {
        do throws(PrivateFile.Failure) {
            return try work()
        } catch {
            throw error.isDiskFull ? .diskFull(file: path) : .ioError(file: path, what: error.description)
        }
    }
}
