import EventLoop
import Raft
import Storage
import TrustStore

/// What the storage thread tells the cluster loop.
enum StorageEvent: Sendable {
    /// Every operation up to this one is on disk.
    case persisted(UInt64)
    case loaded(LoadedEntries)
    /// The applied state is on disk by itself through here.
    case stateDurable(LogIndex)
    /// A snapshot has taken the place of log and state; comes before the `persisted` of its operation.
    case installed(VerifiedSnapshot)
    // Answers to `SnapshotWork`.
    case snapshotReady(id: UInt64, SnapshotDescriptor)
    case snapshotUnavailable(id: UInt64)
    case chunkRead(LoadedChunk)
    case snapshotStaged(SnapshotID, byteCount: UInt64)
    case snapshotVerified(SnapshotID, isSound: Bool)
    /// A snapshot could not be made, read or kept, or the state not looked through; for the log.
    case snapshotTrouble(String)
    /// A scrub found the applied state damaged.
    case damaged(String)
    /// The audit archive cannot be written; the log is not cut meanwhile.
    case archiveTroubled(String)
    case archiveRecovered
    /// A scrub found the archive damaged.
    case archiveDamaged(String)
    /// Nothing can be written for now; what waits is tried again until it can.
    case troubled(String)
    case recovered
    /// Nothing will ever be written again by this process (docs/architecture.md, "When something fails").
    case failed(String)
}

/// Where an installation finds and puts its files.
struct InstallationPaths: Sendable {
    let directory: String
    let statePath: String
}

/// Owns both databases. Confined to the storage loop.
///
/// Everything that waits when the disk becomes free goes into one transaction and one fsync. The
/// state file may lag behind the log, because what it lacks is applied again from the log at the
/// next start; so its writes are gathered and never delay the log's.
final class StorageWorker {
    static let retryDelay: Duration = .seconds(1)
    /// Between two looks whether there is space for the reserve, when nothing else waits for it.
    static let reserveDelay: Duration = .seconds(30)
    static let stateDelay: Duration = .milliseconds(100)
    static let stateChangesMax = 4_096
    static let housekeepingDelay: Duration = .milliseconds(50)

    private let loop: EventLoop
    private let log: LogStore
    private let stateStore: StateStore
    private let files: InstallationPaths
    private let entriesPerSync: Int
    private let reserve: DiskReserve
    let audit: AuditKeeping
    private let takeVerified: (SnapshotDescriptor) -> VerifiedSnapshot?
    private let deliver: (StorageEvent) -> Void

    private var operations: [StorageOperation] = []
    private var isDrainScheduled = false
    private var changes: [StateChange] = []
    private var changesThrough: AppliedPoint?
    private var syncedThrough: LogIndex
    /// Taken for an installation that has not ended yet: no space for it passes, and then it is tried again.
    private var installing: VerifiedSnapshot?
    private let housekeepingTimer: LoopTimer
    private let stateTimer: LoopTimer
    private let retryTimer: LoopTimer
    /// The log did not fit on the disk; appends wait for the next try.
    private var isLogWaiting = false
    private var isTroubleReported = false
    private var isDead = false
    private(set) var isClosed = false

    init(
        loop: EventLoop, stores: MemberStores, files: InstallationPaths, entriesPerSync: Int, reserve: DiskReserve,
        retention: AuditRetention, takeVerified: @escaping (SnapshotDescriptor) -> VerifiedSnapshot?, deliver: @escaping (StorageEvent) -> Void
    ) {
        self.files = files
        self.entriesPerSync = entriesPerSync
        self.reserve = reserve
        self.takeVerified = takeVerified
        syncedThrough = stores.log.basePosition.index
        housekeepingTimer = LoopTimer(on: loop)
        self.loop = loop
        log = stores.log
        stateStore = stores.state
        self.deliver = deliver
        stateTimer = LoopTimer(on: loop)
        retryTimer = LoopTimer(on: loop)
        audit = AuditKeeping(loop: loop, stores: stores, retention: retention, deliver: deliver)
        keepReserve()
        if let trouble = stores.archiveTrouble {
            audit.failed(trouble) { [unowned self] in scheduleHousekeeping() }
        }
        // What an earlier run left to be archived.
        scheduleHousekeeping()
    }

    func append(_ operation: StorageOperation, drainLater: () -> Void) {
        operations.append(operation)
        guard !isDrainScheduled else { return }
        isDrainScheduled = true
        drainLater()
    }

    /// Writes all that waits, in order, as one transaction. On a full disk the reserve is for what must be written
    /// nevertheless, and for what was asked for before that.
    func drain() {
        isDrainScheduled = false
        guard !isDead else { return }
        do throws(StorageError) {
            if !isLogWaiting {
                do throws(StorageError) {
                    return try write(operations.count)
                } catch {
                    guard case .diskFull = error else { throw error }
                    reportFullDisk(error)
                    isLogWaiting = true
                }
            }
            try withReserve { () throws(StorageError) in try write(essentialCount) }
        } catch {
            failed(error, isLogWaiting: true)
        }
    }

    /// How many of the waiting operations end with one that a full disk must not hold up.
    private var essentialCount: Int { (operations.lastIndex { $0.isEssential } ?? -1) + 1 }

    private func withReserve(_ work: () throws(StorageError) -> Void) throws(StorageError) {
        do throws(StorageError) {
            try work()
        } catch {
            guard case .diskFull = error, reserve.release() else { throw error }
            // What was given away is for this, and not for the changes behind it.
            isLogWaiting = true
            reportFullDisk(error)
            try work()
        }
    }

    private func write(_ count: Int) throws(StorageError) {
        guard count > 0 else { return }
        var left = count
        while left > 0 {
            let first = operations[..<left].firstIndex { $0.install != nil } ?? left
            if first == operations.startIndex {
                try install(operations[first])
                operations.removeFirst()
                left -= 1
                continue
            }
            let batch = Array(operations[..<first])
            try log.perform(batch)
            operations.removeFirst(first)
            left -= first
            deliver(.persisted(batch[first - 1].id))
            // What was cut off is to be archived and deleted.
            if batch.contains(where: { $0.base != nil }) { scheduleHousekeeping() }
        }
        checkpoint()
    }

    /// File, log, file: after a crash between any two the next start sees from the log's base which came last
    /// (docs/consensus.md §8). What was gathered for the old state is void.
    private func install(_ operation: StorageOperation) throws(StorageError) {
        guard let descriptor = operation.install, let snapshot = installing ?? takeVerified(descriptor),
            snapshot.descriptor == descriptor
        else {
            throw .outOfOrder(expected: log.lastIndex.next, found: operation.install?.position.index ?? .zero)
        }
        installing = snapshot
        // The log is about to go. No space for what must be kept of it passes, like any other.
        try audit.logWillBeReplaced()
        try SnapshotFiles.beginInstallation(directory: files.directory, statePath: files.statePath)
        try log.perform([operation], installing: snapshot.point)
        changes.removeAll()
        changesThrough = nil
        try stateStore.replace(by: SnapshotFiles.nextPath(files.statePath))
        installing = nil
        audit.logWasReplaced()
        syncedThrough = snapshot.point.position.index
        deliver(.installed(snapshot))
        deliver(.persisted(operation.id))
    }

    /// After the acknowledgement, never before it. All is durable already, so no space for a
    /// checkpoint is no trouble for the log yet: it is tried again after the next write.
    private func checkpoint() {
        do throws(StorageError) {
            try log.checkpointIfDue()
        } catch {
            if case .diskFull = error { return }
            failed(error, isLogWaiting: false)
        }
    }

    func load(_ request: LoadRequest) {
        guard !isDead else { return }
        do throws(StorageError) {
            let entries = try log.entries(from: request.first, through: request.last, bytesMax: request.bytesMax)
            deliver(.loaded(LoadedEntries(id: request.id, entries: entries)))
        } catch {
            deliver(.loaded(LoadedEntries(id: request.id, entries: [])))
            failed(error, isLogWaiting: false)
        }
    }

    func record(_ changes: [StateChange], through point: AppliedPoint) {
        guard point.position.index > stateStore.applied.position.index else { return }
        self.changes.append(contentsOf: changes)
        changesThrough = point
        if self.changes.count >= Self.stateChangesMax, !retryTimer.isScheduled { return saveState() }
        guard !stateTimer.isScheduled else { return }
        stateTimer.schedule(after: Self.stateDelay) { [unowned self] in saveState() }
    }

    private func saveState() {
        stateTimer.cancel()
        guard !isDead, let through = changesThrough else { return }
        do throws(StorageError) {
            // The log cannot be cut before this is stored.
            try withReserve { () throws(StorageError) in try stateStore.apply(changes, through: through) }
            changes.removeAll(keepingCapacity: true)
            changesThrough = nil
        } catch {
            // Or what is committed and not stored would pile up here.
            failed(error, isLogWaiting: true)
        }
        scheduleHousekeeping()
    }

    // MARK: - Snapshots and the log's length

    /// Makes sure that the file holds what a snapshot must cover. False when that is not applied yet.
    func isStateStored(through index: LogIndex) -> Bool {
        saveState()
        return !isDead && stateStore.applied.position.index >= index
    }

    private func scheduleHousekeeping() {
        guard !isDead, !housekeepingTimer.isScheduled else { return }
        housekeepingTimer.schedule(after: Self.housekeepingDelay) { [unowned self] in keepHouse() }
    }

    /// Between writes, a little at a time: syncs the state so that the log may be cut, and brings what was cut off into the
    /// audit archive before it is deleted.
    private func keepHouse() {
        guard !isDead else { return }
        do throws(StorageError) {
            let applied = stateStore.applied.position.index
            if syncedThrough.distance(to: applied) >= entriesPerSync {
                var isSynced = false
                try withReserve { () throws(StorageError) in isSynced = try stateStore.sync() }
                if isSynced {
                    syncedThrough = applied
                    deliver(.stateDurable(applied))
                }
            }
            let isMoreLeft = try audit.keepHouse(isSpaceShort: reserve.isReleased || reserve.isShort) { [unowned self] in
                scheduleHousekeeping()
            }
            if isMoreLeft { scheduleHousekeeping() }
        } catch {
            failed(error, isLogWaiting: false)
        }
    }

    /// A full disk passes: the failed transaction left nothing, so the same one is tried again. Any
    /// other failure is final, because after a failed fsync the kernel may have dropped what it held.
    private func failed(_ error: StorageError, isLogWaiting waits: Bool) {
        guard case .diskFull = error else {
            isDead = true
            return deliver(.failed(error.description))
        }
        isLogWaiting = isLogWaiting || waits
        reportFullDisk(error)
    }

    private func reportFullDisk(_ error: StorageError) {
        // Said once, at its beginning; its end is said too.
        if !isTroubleReported { deliver(.troubled(error.description)) }
        isTroubleReported = true
        retryTimer.schedule(after: Self.retryDelay) { [unowned self] in retry() }
    }

    /// Holds the log while the reserve is owed, or while what is left is no more than the reserve would be.
    private func keepReserve() {
        let isKept = reserve.refill()
        isLogWaiting = !isKept && (reserve.isReleased || reserve.isShort)
        if isLogWaiting { return reportFullDisk(.diskFull(file: reserve.path)) }
        if !isKept { retryTimer.schedule(after: Self.reserveDelay) { [unowned self] in retry() } }
    }

    private func retry() {
        isLogWaiting = false
        keepReserve()
        let isWaitingForReserveOnly = retryTimer.isScheduled && !isLogWaiting
        if isWaitingForReserveOnly { retryTimer.cancel() }
        drain()
        saveState()
        scheduleHousekeeping()
        guard !retryTimer.isScheduled, !isDead else { return }
        if isTroubleReported {
            isTroubleReported = false
            deliver(.recovered)
        }
        if isWaitingForReserveOnly { retryTimer.schedule(after: Self.reserveDelay) { [unowned self] in retry() } }
    }

    func close() {
        drain()
        saveState()
        isDead = true
        isClosed = true
        stateTimer.cancel()
        retryTimer.cancel()
        housekeepingTimer.cancel()
        try? log.close()
        try? stateStore.close()
        audit.close()
    }
}

extension StorageOperation {
    /// Must be written on a full disk too: a term and a vote, or this member holds up elections; a cut or a snapshot,
    /// which make room; and the empty entry with which a leader begins, without which nobody could prove to be current.
    var isEssential: Bool {
        hardState != nil || base != nil || install != nil || entries.contains { $0.kind == .noop }
    }
}
