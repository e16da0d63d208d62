import Raft
import Storage

struct AuditSpan: Sendable {
    let fromIndex: LogIndex
    let archivedThrough: LogIndex
    let trouble: String?
}

extension StorageThread {
    /// Nil when this member stops.
    func auditSource(
        after: LogIndex, through last: LogIndex, countMax: Int, bytesMax: Int
    ) async -> Result<AuditSource, StorageError>? {
        await ask { worker in
            do throws(StorageError) {
                return .success(try worker.audit.source(after: after, through: last, countMax: countMax, bytesMax: bytesMax))
            } catch {
                return .failure(error)
            }
        }
    }

    func auditSpan() async -> AuditSpan? {
        await ask { worker in
            let audit = worker.audit
            let fromIndex = (try? audit.fromIndex()) ?? .zero
            return AuditSpan(fromIndex: fromIndex, archivedThrough: audit.archive.archivedThrough, trouble: audit.trouble)
        }
    }
}
