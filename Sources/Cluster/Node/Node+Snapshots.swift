import EventLoop
import Logging
import Raft
import Storage
import Tokens
import TrustStore

extension Node {
    var appliedIndex: LogIndex { applied.position.index }

    /// Log and state of this member are now those of its leader's snapshot. Everything that waited is judged by
    /// the new state: a change may have been carried out inside the snapshot.
    ///
    /// What the old view had proved of its age still holds: the new one has all that it had.
    func installed(_ snapshot: VerifiedSnapshot) {
        let distrusted = snapshot.state.certificatesDistrusted(since: state)
        state = snapshot.state
        applied = snapshot.point
        trail.begin(at: applied)
        healed()
        guard state.featureLevel <= TrustState.featureLevel else { return halt("\(CommandError.featureLevel(state.featureLevel))") }
        followDataKey()
        keys = identity.custody.ring(of: state)
        let proven = FreshnessPoint(continuing: box.view.proven.instant)
        box.replace(MemberView(tokens: TokenView(state: state, keys: keys), index: appliedIndex, proven: proven))
        if !distrusted.isEmpty { onDistrust?(distrusted) }
        membershipChanged()
        publishServerIdentity()
        for proposal in Array(pending.values) {
            guard let outcome = state.answer(to: proposal.id, kind: proposal.kind) else { continue }
            pending[proposal.id] = nil
            proposal.answer(Self.answer(outcome))
        }
        indexWaiters.applied(appliedIndex)
        settleReads()
    }
}
