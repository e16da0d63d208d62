import EventLoop
import Raft
import Storage
import Synchronization
import TrustStore

/// The storage thread, seen from the cluster loop: everything here returns at once, and what was
/// asked happens in the order it was asked.
final class StorageThread: Sendable {
    private let loop: EventLoop
    private let clusterLoop: EventLoop
    private let worker = Mutex<LoopBound<StorageWorker>?>(nil)
    private let handler = HandlerBox<StorageEvent>()
    /// Written by the storage thread, read by whoever asks for the status.
    private let troubleText = Mutex<String?>(nil)
    private let snapshots = Mutex<SnapshotThread?>(nil)
    private let statePath: String
    private let settings: StorageSettings

    /// - Parameter clusterLoop: where events are delivered.
    init(clusterLoop: EventLoop, statePath: String, settings: StorageSettings) throws(EventLoopError) {
        self.settings = settings
        loop = try EventLoop(name: "storage")
        self.clusterLoop = clusterLoop
        self.statePath = statePath
        let snapshots = try SnapshotThread { [weak self] in self?.deliver($0) }
        self.snapshots.withLock { $0 = snapshots }
    }

    /// Opens the databases on the storage thread with `open` and keeps them there.
    ///
    /// - Parameter snapshotDirectory: made if it is not there.
    func open<Value: Sendable>(
        snapshotDirectory: String, clusterID: String,
        _ open: @escaping @Sendable () throws(StorageError) -> (MemberStores, Value)
    ) async throws(StorageError) -> Value {
        let paths = InstallationPaths(directory: snapshotDirectory, statePath: statePath)
        let snapshots = snapshots.withLock { $0 }
        let result: Result<Value, StorageError> = await withCheckedContinuation { done in
            loop.execute { [self] in
                do throws(StorageError) {
                    let (stores, value) = try open()
                    let worker = StorageWorker(
                        loop: loop, stores: stores, files: paths, entriesPerSync: settings.entriesPerSync,
                        reserve: DiskReserve(
                            path: settings.reservePath, bytesMax: settings.reserveBytesMax,
                            isReleased: settings.isReserveReleased),
                        retention: settings.auditRetention,
                        takeVerified: { snapshots?.takeVerified($0) },
                        deliver: { [self] in deliver($0) })
                    self.worker.withLock { $0 = LoopBound(confined: worker, on: loop) }
                    done.resume(returning: .success(value))
                } catch {
                    done.resume(returning: .failure(error))
                }
            }
        }
        let value = try result.get()
        try await snapshots?.open(directory: snapshotDirectory, statePath: statePath, clusterID: clusterID)
        return value
    }

    /// `handler` runs on the cluster loop.
    func onEvent(_ handler: @escaping @Sendable (StorageEvent) -> Void) {
        self.handler.set(handler)
    }

    var trouble: String? { troubleText.withLock { $0 } }

    func append(_ operation: StorageOperation) {
        onWorker { [self] worker in
            // Behind everything that is queued by now, so that all of it shares the transaction.
            worker.append(operation, drainLater: { onWorker { $0.drain() } })
        }
    }

    func record(_ changes: [StateChange], through point: AppliedPoint) {
        onWorker { $0.record(changes, through: point) }
    }

    func perform(_ work: SnapshotWork) {
        guard let snapshots = snapshots.withLock({ $0 }) else { return }
        guard case .prepare(let id, let atLeast) = work else { return snapshots.perform(work) }
        onWorker { [self] worker in
            if worker.isStateStored(through: atLeast) {
                snapshots.perform(work)
            } else {
                deliver(.snapshotUnavailable(id: id))
            }
        }
    }

    /// A checked copy of the state, which holds the entries through `index` at least. Nil when this member stops.
    func makeBackup(atLeast index: LogIndex) async -> Result<BackupCopy, StorageError>? {
        guard let isStored = await ask({ $0.isStateStored(through: index) }) else { return nil }
        guard isStored else { return .failure(.ioError(file: statePath, what: trouble ?? "what was applied cannot be stored")) }
        return await snapshots.withLock { $0 }?.makeBackup()
    }

    /// Small file work that must not hold up the cluster loop.
    func run(_ work: @escaping @Sendable () -> Void) { loop.execute(work) }

    func scrub() {
        guard let snapshots = snapshots.withLock({ $0 }) else { return }
        snapshots.scrub(statePath)
        snapshots.scrub(archive: settings.archivePath)
    }

    func load(_ request: LoadRequest) {
        onWorker { $0.load(request) }
    }

    /// Writes what waits and closes both files; returns when that is done.
    func close() async {
        await withCheckedContinuation { done in
            let isQueued = loop.execute { [self] in
                worker.withLock { $0 }?.value.close()
                done.resume()
            }
            if !isQueued { done.resume() }
        }
        snapshots.withLock { $0 }?.close()
        loop.shutdown()
    }

    /// What the worker says; nil when the thread has ended.
    func ask<Value: Sendable>(_ question: @escaping @Sendable (StorageWorker) -> Value) async -> Value? {
        await withCheckedContinuation { answer in
            let isQueued = loop.execute { [self] in
                guard let bound = worker.withLock({ $0 }), !bound.value.isClosed else { return answer.resume(returning: nil) }
                answer.resume(returning: question(bound.value))
            }
            if !isQueued { answer.resume(returning: nil) }
        }
    }

    private func onWorker(_ work: @escaping @Sendable (StorageWorker) -> Void) {
        loop.execute { [self] in
            guard let bound = worker.withLock({ $0 }) else { return }
            work(bound.value)
        }
    }

    private func deliver(_ event: StorageEvent) {
        switch event {
        case .troubled(let reason), .failed(let reason): troubleText.withLock { $0 = reason }
        case .recovered: troubleText.withLock { $0 = nil }
        default: break
        }
        clusterLoop.execute { [self] in handler.call(event) }
    }
}

struct StorageSettings: Sendable {
    /// The applied state is synced after so many, so that the log may be cut.
    let entriesPerSync: Int
    let reservePath: String
    let reserveBytesMax: UInt64
    /// This start has found the disk full and given the reserve away.
    let isReserveReleased: Bool
    let archivePath: String
    let auditRetention: AuditRetention
}
