import EventLoop
import HashTreeCollections
import Logging
import Raft
import TrustStore

/// A command is put into the log only when every member's binary can apply it (docs/architecture.md, "What flows").
extension Node {
    /// The highest level whose commands each member's binary knows; zero for one that has not been heard of lately.
    private func featureLevel(of member: MemberRecord, now: MonotonicInstant) -> Int64 {
        if member.id == identity.id { return TrustState.featureLevel }
        guard let received = reports[member.id], now - received.at < Self.offlineAfter else { return 0 }
        return Int64(received.report.featureLevel)
    }

    /// The leader raises the cluster's level to what all have, by itself.
    func raiseFeatureLevel(now: MonotonicInstant) {
        let common = state.members.values.map { featureLevel(of: $0, now: now) }.min() ?? 0
        guard common > state.featureLevel, housekeeping.begin("feature level", now: now) else { return }
        logger.notice("every member knows feature level \(common); the cluster goes on at it")
        proposeAsLeader(.raiseFeatureLevel(common))
    }

    func checkLevel(of kind: CommandKind) throws(ProposeError) {
        guard kind.featureLevel > state.featureLevel else { return }
        let now = MonotonicInstant.now()
        let behind = state.members.values.filter { featureLevel(of: $0, now: now) < kind.featureLevel }.map(\.name).sorted()
        throw .featureLevel(needed: kind.featureLevel, behind: behind.isEmpty ? ["the cluster is about to follow"] : behind)
    }
}
