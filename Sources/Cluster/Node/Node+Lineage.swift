import EventLoop
import HashTreeCollections
import Logging
import Raft
import TrustStore

/// Recognising a directory that was restored from an old copy, or runs twice (docs/consensus.md §10).
extension Node {
    static let lineagePeriod: Duration = .seconds(60)

    /// What this member says of itself: never more than its disk remembers, because a member that comes back with
    /// less than it once said is taken for an old copy, and shut out.
    var ownLineage: Lineage { Lineage(counter: lineageFile.durableCounter, nonce: lineageNonce) }

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
        let known = lineageFile.peers
        switch lineageFile.peers.judge(lineage, of: member) {
        case .accepted:
            if lineageFile.peers != known { saveLineage() }
            return nil
        case .rollback:
            return "its data directory is older than what this member already ran with (restored from a copy?), so it has "
                + "forgotten what it promised since; remove it from the cluster, clear the directory and join again"
        case .clone:
            return "another process runs, or ran, from a copy of the same data directory; only one of them may go on: remove "
                + "this member from the cluster, clear its directory and join again"
        }
    }

    /// Who is no member any more comes back with a new id or not at all; without this their number would grow until
    /// the table is full.
    func forgetFormerMembers() {
        guard state.cluster != nil else { return }
        lineageFile.peers.keep { state.members[$0] != nil }
    }

    /// A write that fails is repeated with the next growth.
    private func saveLineage() {
        let file = lineageFile
        storage.run { [loop, logger, weak self] in
            do throws(FileError) {
                try file.write()
                loop.execute { [weak self] in self?.assumeIsolated { $0.lineageFile.wrote(file) } }
            } catch {
                logger.error("lineage.json cannot be written", metadata: ["reason": "\(error)"])
            }
        }
    }
}
