import HashTreeCollections
import Crypto
import EventLoop
import Logging
import Raft
import Storage
import Tokens
import TrustStore

extension Node {
    /// Applies committed entries in order and makes their effect visible before anybody is told of it.
    ///
    /// A version that cannot read a command stops there, rather than skip an entry that other members
    /// obeyed; what came before it is applied all the same.
    ///
    /// A member that is out of service applies nothing: its state is to be replaced.
    func apply(_ entries: [Entry]) {
        guard quarantine == nil else { return }
        var batch = AppliedBatch()
        var problem: CommandError?
        for entry in entries {
            do throws(CommandError) {
                try apply(entry, to: &batch)
            } catch {
                problem = error
                break
            }
        }
        if let last = batch.last { publish(batch, through: last) }
        found(batch.finding)
        if let problem { halt("entry \(appliedIndex.next) cannot be applied: \(problem)") }
    }

    private struct AppliedBatch {
        var first: LogIndex?
        var last: LogIndex?
        var commands: [AppliedCommand] = []
        var touched = Set<StateCollection>()
        /// Fingerprints.
        var touchedCertificates = Set<String>()
        var distrusted = Set<String>()
        var finding: AppliedTrail.Finding?
    }

    private func apply(_ entry: Entry, to batch: inout AppliedBatch) throws(CommandError) {
        var changes: [StateChange] = []
        if entry.kind == .command {
            let command = try Command(decoding: entry.payload)
            if case .raiseFeatureLevel(let level) = command.body, level > TrustState.featureLevel {
                throw .featureLevel(level)
            }
            let transition = state.applying(command, at: entry.index)
            state = transition.state
            changes = transition.changes
            batch.touched.formUnion(changes.map(\.collection))
            for change in changes where change.collection == .certificates { batch.touchedCertificates.insert(change.key) }
            batch.distrusted.formUnion(changes.compactMap(\.distrustedCertificate))
            batch.commands.append(AppliedCommand(index: entry.index, command: command, outcome: transition.outcome))
        }
        advance(past: entry, changes)
        let finding = trail.applied(applied)
        batch.finding = batch.finding ?? finding
        storage.record(changes, through: applied)
        batch.first = batch.first ?? entry.index
        batch.last = entry.index
    }

    /// A configuration in the log was readable, or the core would have stopped.
    private func advance(past entry: Entry, _ changes: [StateChange]) {
        applied.chain = LogChain.link(entry, after: applied.chain)
        applied.effects = EffectsDigest.link(changes, at: entry.index, after: applied.effects)
        applied.position = entry.position
        if entry.kind == .configuration, let configuration = try? Configuration(decoding: entry.payload) {
            applied.configuration = configuration
        }
    }

    private func publish(_ batch: AppliedBatch, through last: LogIndex) {
        if batch.touched.contains(.cluster) { followDataKey() }
        // A new CA issues for everybody, and need not wait for the next round.
        if state.cluster?.caCertificate != box.view.state.cluster?.caCertificate { housekeeping.certificatesCheckedAt = nil }
        if !batch.touched.isDisjoint(with: [.signingKeys, .importedKeys]) { rebuildKeys() }
        keys.follow(certificates: batch.touchedCertificates, in: state)
        if !batch.touched.isDisjoint(with: [.broadRevocations, .issuedCertificates, .members, .cluster, .clusterList]) {
            housekeeping.clusterListMayDiffer = true
        }
        if batch.touched.contains(.authorities) { keys.follow(authoritiesIn: state) }
        let proven = FreshnessPoint(continuing: box.view.proven.instant)
        box.replace(MemberView(tokens: TokenView(state: state, keys: keys), index: last, proven: proven))
        if !batch.distrusted.isEmpty { onDistrust?(batch.distrusted) }
        if batch.touched.contains(.members) { membershipChanged() }
        if batch.touched.contains(.cluster) { publishServerIdentity() }
        step(.applied(through: last))
        settle(batch.commands)
        onApplied.call(AppliedChanges(first: batch.first ?? last, through: last, commands: batch.commands))
        if state.removedMembers[identity.id] != nil { fence(Self.removedReason) }
    }

    private func settle(_ applied: [AppliedCommand]) {
        for command in applied {
            guard let proposal = pending.removeValue(forKey: command.command.requestID) else { continue }
            proposal.answer(Self.answer(command.outcome))
        }
        indexWaiters.applied(appliedIndex)
        settleReads()
    }

    static func answer(_ outcome: CommandOutcome) -> PendingProposal.Answer {
        switch outcome {
        case .done(let result): .success(Committed(index: result.index, result: result))
        case .refused(let refusal): .failure(.refused(refusal))
        }
    }

    /// Before anything is opened that the state holds.
    func followDataKey() {
        if (try? identity.followDataKey(of: state)) == true { logger.notice("the cluster has another data key") }
        if !isCatchingUp { sayIfSecretsStayClosed() }
    }

    /// A joiner has the data key of its time, and opens nothing of what was sealed before until it has read so far. After that
    /// it must.
    func sayIfSecretsStayClosed() {
        guard let cluster = state.cluster, openServerKey(of: cluster) == nil else { return }
        logger.error(
            "the cluster's data key cannot be opened here, so tokens of its keys are refused here until it can",
            metadata: ["applied": "\(appliedIndex)"])
    }

    /// A key that cannot be opened here is left out of the ring: its tokens are then refused, not guessed at.
    private func rebuildKeys() {
        keys = identity.custody.ring(keys, updatedTo: state)
    }

    /// After a start a removal counts as seen just now: how long ago it was applied is not known by this clock.
    private func noteRemovals() {
        let now = MonotonicInstant.now()
        removedSeen = removedSeen.filter { state.removedMembers[$0.key] != nil }
        removedTold = removedTold.filter { state.removedMembers[$0] != nil }
        for id in state.removedMembers.keys where removedSeen[id] == nil {
            removedSeen[id] = RemovalSeen(at: now, appliedIndex: reports[id]?.report.appliedIndex ?? .zero)
        }
    }

    /// The learners and the links follow the replicated membership. The core leaves voters out of the learners.
    func membershipChanged() {
        step(.setLearners(state.members.values.map(\.id).sorted()))
        adoptOwnCertificate()
        noteRemovals()
        updateLinks()
        certificateExpiries = Dictionary(
            uniqueKeysWithValues: state.members.values.compactMap { member in
                (try? Certificate(der: member.certificate)).map { (member.id, $0.notAfterAt) }
            })
    }
}
