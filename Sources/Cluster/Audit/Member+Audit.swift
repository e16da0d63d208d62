import EventLoop
package import Raft
import Storage
package import TrustStore

/// Why the audit record could not be read here.
package enum AuditError: Error, Equatable, Sendable {
    /// For an administrator; names the entry if one is damaged.
    case unreadable(String)
    case busy
    case stopping
}

/// Where the audit record of a member begins and ends.
package struct AuditHead: Sendable, Equatable {
    package let end: ChainPoint
    /// The first entry of the stretch that ends there without a gap.
    package let fromIndex: LogIndex
    /// What the archive holds already; later entries are in the log.
    package let archivedThrough: LogIndex
    /// Why the archive cannot be written at the moment, if so.
    package let trouble: String?
}

extension Member {
    package func auditHead() async throws(AuditError) -> AuditHead {
        let end = await node.appliedEnd()
        guard let span = await storage.auditSpan() else { throw .stopping }
        return AuditHead(
            end: end, fromIndex: span.fromIndex, archivedThrough: span.archivedThrough, trouble: span.trouble)
    }

    /// The next consecutive records behind `after` up to `last`, which must be applied here; nil when there are none.
    ///
    /// The archive is read on a thread of the pool, and the log in the storage thread's turn: no more of either than the bounds say.
    package func auditRun(
        after: LogIndex, through last: LogIndex, countMax: Int, bytesMax: Int
    ) async throws(AuditError) -> AuditRun? {
        try await auditRunOutcome(after: after, through: last, countMax: countMax, bytesMax: bytesMax).get()
    }

    /// As `auditRun`, for whoever has something to do on a loop afterwards, whatever comes of it.
    package func auditRunOutcome(
        after: LogIndex, through last: LogIndex, countMax: Int, bytesMax: Int
    ) async -> Result<AuditRun?, AuditError> {
        // The archive may be cut between the two questions; the second answer is then the right one.
        var after = after
        for _ in 0..<3 {
            switch await storage.auditSource(after: after, through: last, countMax: countMax, bytesMax: bytesMax) {
            case .success(.log(let run)): return .success(run)
            case .success(.end): return .success(nil)
            case .success(.archive(let end)):
                let archived = await archived(after: after, through: last, countMax: countMax, bytesMax: bytesMax)
                guard case .success(nil) = archived else { return archived }
                after = end
            case .failure(let error): return .failure(.unreadable(error.description))
            case nil: return .failure(.stopping)
            }
        }
        return .success(nil)
    }

    private func archived(
        after: LogIndex, through last: LogIndex, countMax: Int, bytesMax: Int
    ) async -> Result<AuditRun?, AuditError> {
        let path = directory.archivePath
        do {
            return .success(
                try await loop.runBlocking {
                    try AuditArchive.read(path: path, after: after, through: last, countMax: countMax, bytesMax: bytesMax)
                })
        } catch let error as StorageError {
            return .failure(.unreadable(error.description))
        } catch {
            return .failure(.busy)
        }
    }
}

extension Node {
    func appliedEnd() -> ChainPoint { ChainPoint(position: applied.position, chain: applied.chain) }
}
