import EventLoop
import Logging
import Raft

/// Recognising a directory that was restored from an old copy, or runs twice (docs/consensus.md §10).
extension Node {
    static let lineagePeriod: Duration = .seconds(60)

    var ownLineage: Lineage { Lineage(counter: lineageFile.counter, nonce: lineageNonce) }

    /// So that a copy that is a minute old is told from this run.
    func growLineage(now: MonotonicInstant) {
        guard now - (lineageGrownAt ?? now) >= Self.lineagePeriod || lineageGrownAt == nil else { return }
        defer { lineageGrownAt = now }
        guard lineageGrownAt != nil else { return }
        lineageFile.grow()
        saveLineage()
    }

    /// Nil when the peer may speak; otherwise why not, for it to stop with.
    func objection(to lineage: Lineage, of member: MemberID) -> String? {
        switch lineageFile.peers.judge(lineage, of: member) {
        case .accepted:
            saveLineage()
            return nil
        case .rollback:
            return "its data directory is older than what this member already ran with (restored from a copy?), so it has "
                + "forgotten what it promised since; remove it from the cluster, clear the directory and join again"
        case .clone:
            return "another process runs, or ran, from a copy of the same data directory; only one of them may go on: remove "
                + "this member from the cluster, clear its directory and join again"
        }
    }

    private func saveLineage() {
        let file = lineageFile
        storage.run { [logger] in
            do throws(FileError) { try file.write() } catch {
                logger.error("lineage.json cannot be written", metadata: ["reason": "\(error)"])
            }
        }
    }
}
