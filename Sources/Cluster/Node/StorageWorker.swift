import EventLoop
import Raft
import Storage
import TrustStore

/// What the storage thread tells the cluster loop.
enum StorageEvent: Sendable {
    /// Every operation up to this one is on disk.
    case persisted(UInt64)
    case loaded(LoadedEntries)
    /// Nothing can be written for now; what waits is tried again until it can.
    case troubled(String)
    case recovered
    /// Nothing will ever be written again by this process (docs/architecture.md, "When something fails").
    case failed(String)
}

/// Owns both databases. Confined to the storage loop.
///
/// Everything that waits when the disk becomes free goes into one transaction and one fsync. The
/// state file may lag behind the log, because what it lacks is applied again from the log at the
/// next start; so its writes are gathered and never delay the log's.
final class StorageWorker {
    static let retryDelay: Duration = .seconds(1)
    static let stateDelay: Duration = .milliseconds(100)
    static let stateChangesMax = 4_096

    private let loop: EventLoop
    private let log: LogStore
    private let stateStore: StateStore
    private let deliver: (StorageEvent) -> Void

    private var operations: [StorageOperation] = []
    private var isDrainScheduled = false
    private var changes: [StateChange] = []
    private var changesThrough: LogPosition?
    private let stateTimer: LoopTimer
    private let retryTimer: LoopTimer
    /// The log did not fit on the disk; appends wait for the next try.
    private var isLogWaiting = false
    private var isTroubleReported = false
    private var isDead = false

    init(loop: EventLoop, log: LogStore, stateStore: StateStore, deliver: @escaping (StorageEvent) -> Void) {
        self.loop = loop
        self.log = log
        self.stateStore = stateStore
        self.deliver = deliver
        stateTimer = LoopTimer(on: loop)
        retryTimer = LoopTimer(on: loop)
    }

    func append(_ operation: StorageOperation, drainLater: () -> Void) {
        operations.append(operation)
        guard !isDrainScheduled else { return }
        isDrainScheduled = true
        drainLater()
    }

    /// Writes all that waits, in order, as one transaction.
    func drain() {
        isDrainScheduled = false
        guard !isDead, !isLogWaiting, let last = operations.last else { return }
        do throws(StorageError) {
            try log.perform(operations)
            operations.removeAll(keepingCapacity: true)
            deliver(.persisted(last.id))
        } catch {
            return failed(error, isLogWaiting: true)
        }
        checkpoint()
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

    func record(_ changes: [StateChange], through position: LogPosition) {
        self.changes.append(contentsOf: changes)
        changesThrough = position
        if self.changes.count >= Self.stateChangesMax { return saveState() }
        guard !stateTimer.isScheduled else { return }
        stateTimer.schedule(after: Self.stateDelay) { [unowned self] in saveState() }
    }

    private func saveState() {
        stateTimer.cancel()
        guard !isDead, let through = changesThrough else { return }
        do throws(StorageError) {
            try stateStore.apply(changes, through: through.index, term: through.term)
            changes.removeAll(keepingCapacity: true)
            changesThrough = nil
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
        // Said once, at its beginning; its end is said too.
        if !isTroubleReported { deliver(.troubled(error.description)) }
        isTroubleReported = true
        retryTimer.schedule(after: Self.retryDelay) { [unowned self] in retry() }
    }

    private func retry() {
        isLogWaiting = false
        drain()
        saveState()
        guard !retryTimer.isScheduled, !isDead else { return }
        isTroubleReported = false
        deliver(.recovered)
    }

    func close() {
        drain()
        saveState()
        isDead = true
        stateTimer.cancel()
        retryTimer.cancel()
        try? log.close()
        try? stateStore.close()
    }
}
