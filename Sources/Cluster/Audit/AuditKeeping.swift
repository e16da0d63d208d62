import EventLoop
import Raft
import Storage
import TrustStore

/// Brings entries from the log into the audit archive before they leave the log. Confined to the storage loop.
///
/// The archive failing is no reason to stop anything: entries then stay in the log, which grows, until it works again.
final class AuditKeeping {
    static let retryDelay: Duration = .seconds(5)

    let archive: AuditArchive
    private let log: LogStore
    private let stateStore: StateStore
    private let retention: AuditRetention
    private let deliver: (StorageEvent) -> Void
    private let retryTimer: LoopTimer
    private(set) var trouble: String?

    init(loop: EventLoop, stores: MemberStores, retention: AuditRetention, deliver: @escaping (StorageEvent) -> Void) {
        archive = stores.archive
        log = stores.log
        stateStore = stores.state
        self.retention = retention
        self.deliver = deliver
        retryTimer = LoopTimer(on: loop)
    }

    /// To be called when nothing waits: copies, deletes and forgets a bounded number each. True when more is left.
    ///
    /// - Parameter isSpaceShort: what is left of the disk is for what must be written; the archive can wait.
    /// - Throws: what concerns the log only.
    func keepHouse(isSpaceShort: Bool, retry: @escaping () -> Void) throws(StorageError) -> Bool {
        var isMoreLeft = false
        if isSpaceShort {
            if log.basePosition.index > archive.archivedThrough { failed(.diskFull(file: archive.path), retry: retry) }
        } else if !retryTimer.isScheduled {
            do throws(StorageError) {
                isMoreLeft = try takeOver(through: log.basePosition.index)
                isMoreLeft = try archive.forget(retention, now: WallClock.nowSeconds()) || isMoreLeft
                recovered()
            } catch {
                failed(error, retry: retry)
            }
        }
        return try log.purge(archived: archive.archivedThrough) || isMoreLeft
    }

    private func takeOver(through limit: LogIndex) throws(StorageError) -> Bool {
        try archive.takeOver(from: log, through: limit) { (range) throws(StorageError) in try stateStore.outcomes(in: range) }
    }

    /// A snapshot is about to take the log's place: what was applied from it must be in the archive before.
    func logWillBeReplaced() throws(StorageError) {
        // Behind the applied state there may be entries that the cluster never committed.
        let applied = min(stateStore.applied.position.index, log.lastIndex)
        while try takeOver(through: applied) {}
    }

    func logWasReplaced() {
        archive.logWasReplaced()
        try? archive.align(with: log)
    }

    func failed(_ error: StorageError, retry: @escaping () -> Void) {
        if trouble == nil { deliver(.archiveTroubled(error.description)) }
        trouble = error.description
        retryTimer.schedule(after: Self.retryDelay, retry)
    }

    private func recovered() {
        guard trouble != nil else { return }
        trouble = nil
        deliver(.archiveRecovered)
    }

    func close() {
        retryTimer.cancel()
        try? archive.close()
    }
}

// MARK: - Reading

/// Where the next records are.
enum AuditSource: Sendable {
    case log(AuditRun)
    /// In the file, which whoever asks reads by himself, up to here; behind it in the log. A stretch that has just begun has none.
    case archive(through: LogIndex)
    case end
}

extension AuditKeeping {
    func source(
        after: LogIndex, through last: LogIndex, countMax: Int, bytesMax: Int
    ) throws(StorageError) -> AuditSource {
        guard after < last else { return .end }
        // Right after a start; what goes wrong is said by the next turn of the housekeeping.
        if archive.archivedThrough == .zero { try? archive.align(with: log) }
        if after < archive.archivedThrough { return .archive(through: archive.archivedThrough) }
        let run = try log.auditRun(after: after, through: last, archiveEnd: archive.end, countMax: countMax, bytesMax: bytesMax)
        return run.map(AuditSource.log) ?? .end
    }

    /// The first index of the stretch that reaches to the log's end.
    func fromIndex() throws(StorageError) -> LogIndex {
        // When the archive cannot be used, what the log holds is what there is.
        guard (try? archive.align(with: log)) != nil, let start = try? archive.newestStart() else {
            return try log.recordStartIndex().next
        }
        return start.next
    }
}
