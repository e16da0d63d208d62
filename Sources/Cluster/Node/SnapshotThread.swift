import EventLoop
import Raft
import Storage
import Synchronization

/// The thread that makes, sends, receives and checks snapshot files, seen from elsewhere: everything here returns
/// at once and happens in the order it was asked. Its work may take seconds, which neither the log's writes nor
/// the cluster loop could wait for.
final class SnapshotThread: Sendable {
    private let loop: EventLoop
    private let files = Mutex<LoopBound<SnapshotFiles>?>(nil)
    private let verified = Mutex<VerifiedSnapshot?>(nil)
    private let deliver: @Sendable (StorageEvent) -> Void

    init(deliver: @escaping @Sendable (StorageEvent) -> Void) throws(EventLoopError) {
        loop = try EventLoop(name: "snapshots")
        self.deliver = deliver
    }

    func open(directory: String, statePath: String, clusterID: String) async throws(StorageError) {
        let result: Result<Void, StorageError> = await withCheckedContinuation { done in
            loop.execute { [self] in
                do throws(StorageError) {
                    let opened = try SnapshotFiles(directory: directory, statePath: statePath, clusterID: clusterID)
                    files.withLock { $0 = LoopBound(confined: opened, on: loop) }
                    done.resume(returning: .success(()))
                } catch {
                    done.resume(returning: .failure(error))
                }
            }
        }
        try result.get()
    }

    /// - Parameter work: all but `prepare`, which begins on the storage thread.
    func perform(_ work: SnapshotWork) {
        onFiles { [self] files throws(StorageError) in
            switch work {
            case .prepare(let id, _): deliver(.snapshotReady(id: id, try files.make()))
            case .read(let request): deliver(.chunkRead(LoadedChunk(id: request.id, bytes: try files.read(request))))
            case .release(let id): try files.release(id)
            case .stage(let descriptor): deliver(.snapshotStaged(descriptor.id, byteCount: try files.stage(descriptor)))
            case .write(let chunk): deliver(.snapshotStaged(chunk.id, byteCount: try files.write(chunk)))
            case .verify(let descriptor):
                let snapshot = try files.verify(descriptor)
                verified.withLock { $0 = snapshot }
                deliver(.snapshotVerified(descriptor.id, isSound: snapshot != nil))
            case .discard: try files.discard()
            }
        } orElse: { [self] error in
            // A transfer that fails is tried again by the core; what the disk lacks is said by the log's writes.
            deliver(.snapshotTrouble(error.description))
            switch work {
            case .prepare(let id, _): deliver(.snapshotUnavailable(id: id))
            case .read(let request): deliver(.chunkRead(LoadedChunk(id: request.id, bytes: [])))
            case .verify(let descriptor):
                // Every leader of this cluster would send the like.
                if case .unsupportedVersion = error { deliver(.failed(error.description)) }
                deliver(.snapshotVerified(descriptor.id, isSound: false))
            case .release, .stage, .write, .discard: break
            }
        }
    }

    /// Nil when this thread has ended, or never began.
    func makeBackup() async -> Result<BackupCopy, StorageError>? {
        await withCheckedContinuation { done in
            let isQueued = loop.execute { [self] in
                guard let bound = files.withLock({ $0 }) else { return done.resume(returning: nil) }
                do throws(StorageError) {
                    done.resume(returning: .success(try bound.value.makeBackup()))
                } catch {
                    done.resume(returning: .failure(error))
                }
            }
            if !isQueued { done.resume(returning: nil) }
        }
    }

    /// The snapshot that was verified last, once, for its installation.
    func takeVerified(_ descriptor: SnapshotDescriptor) -> VerifiedSnapshot? {
        verified.withLock { held in
            guard held?.descriptor == descriptor else { return nil }
            defer { held = nil }
            return held
        }
    }

    /// Looks through the applied state's file for damage.
    func scrub(_ path: String) {
        onFiles { _ throws(StorageError) in try StateStore.scrub(path: path) } orElse: { [self] error in
            switch error {
            case .corrupt: deliver(.damaged(error.description))
            default: deliver(.snapshotTrouble("\(path) could not be looked through: \(error)"))
            }
        }
    }

    /// Looks through the audit archive. It may have millions of entries, so no start waits for that.
    func scrub(archive path: String) {
        loop.execute { [self] in
            do throws(AuditFileError) {
                _ = try AuditFileCheck.check([path])
            } catch {
                if case .fault(_, let fault) = error { deliver(.archiveDamaged("\(path): entry \(fault.index): \(fault.what)")) }
            }
        }
    }

    func close() { loop.shutdown() }

    private func onFiles(
        _ work: @escaping @Sendable (SnapshotFiles) throws(StorageError) -> Void,
        orElse: @escaping @Sendable (StorageError) -> Void
    ) {
        loop.execute { [self] in
            guard let bound = files.withLock({ $0 }) else { return }
            do throws(StorageError) { try work(bound.value) } catch { orElse(error) }
        }
    }
}
