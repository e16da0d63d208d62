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
        // The archive may be cut between the two questions; the second answer is then the right one.
        var after = after
        for _ in 0..<3 {
            switch await storage.auditSource(after: after, through: last, countMax: countMax, bytesMax: bytesMax) {
            case .success(.log(let run)): return run
            case .success(.end): return nil
            case .success(.archive(let end)):
                if let run = try await archived(after: after, through: last, countMax: countMax, bytesMax: bytesMax) { return run }
                after = end
            case .failure(let error): throw .unreadable(error.description)
            case nil: throw .stopping
            }
        }
        return nil
    }

    private func archived(
        after: LogIndex, through last: LogIndex, countMax: Int, bytesMax: Int
    ) async throws(AuditError) -> AuditRun? {
        let path = directory.archivePath
        do {
            return try await loop.runBlocking {
                try AuditArchive.read(path: path, after: after, through: last, countMax: countMax, bytesMax: bytesMax)
            }
        } catch let error as StorageError {
            throw .unreadable(error.description)
        } catch {
            throw .busy
        }
    }
}

extension Node {
    func appliedEnd() -> ChainPoint { ChainPoint(position: applied.position, chain: applied.chain) }
}
