import Raft

/// What becomes of a member's disk, and what a start makes of it.
extension World {
    /// The oldest write is done, or its sync has failed, which ends the member: after a failed fsync nobody knows
    /// what is on the platter, and trying again would only make the kernel forget that (docs/consensus.md §10).
    func completeWrite(of member: Member) -> UInt64? {
        guard let failure = member.disk.syncFailure, !member.disk.isStuck, !member.disk.queue.isEmpty else {
            return member.disk.completeOne()
        }
        member.disk.syncFailure = nil
        reached.note(.syncFailed)
        tracer.note(now, member.slot, "cannot sync")
        #if CREDENCE_MUTANTS
        if mutant == .swallowsSyncErrors { return member.disk.completeOneUnsynced() }
        #endif
        crash(member, failure)
        return nil
    }

    func cutPower(of member: Member, keeping count: Int, tear: Fault.Tear?) -> Int {
        #if CREDENCE_MUTANTS
        if mutant == .marksBeforeLog, let tear { return member.disk.crashMarkingFirst(keeping: count, tear: tear) }
        #endif
        return member.disk.crash(keeping: count, tear: tear)
    }

    /// Reads the log as the store does at a start.
    func open(_ member: Member) {
        let before = member.disk.last
        switch member.disk.open(mutant, configurationAsOf: { checker.configuration(asOf: $0) }) {
        case .whole: return
        case .cutOff: reached.note(.tailCut)
        case .covered: reached.note(.damageCovered)
        case .recovers: reached.note(.startedRecovering)
        }
        tracer.note(now, member.slot, "ends its log at ", "\(member.disk.last), was at \(before)")
    }

    /// A disk that loses entries it had acknowledged. Only one member at a time, and only where the others are a
    /// majority without it: more is a loss that nothing can undo.
    func loseEntries(of member: Member) {
        guard member.lossPermille > 0, mayLose(member) else { return }
        defer { member.lossPermille = 0 }
        let spare = max(member.disk.applied, member.disk.baseIndex).distance(to: member.disk.last.index)
        guard spare > 0 else { return }
        member.disk.lose(max(1, spare * member.lossPermille / 1000))
        reached.note(.acknowledgedEntriesLost)
        tracer.note(now, member.slot, "loses entries, ends at ", member.disk.last)
    }

    /// A record that cannot be read any more, under the same bound: it may be one that was acknowledged.
    func damageRecord(of member: Member) {
        guard member.damagePermille > 0, mayLose(member) else { return }
        defer { member.damagePermille = 0 }
        let count = member.disk.baseIndex.distance(to: member.disk.last.index)
        guard count > 0 else { return }
        let index = member.disk.baseIndex.advanced(by: max(1, count * member.damagePermille / 1000))
        guard member.disk.damage(index) else { return }
        reached.note(.recordDamaged)
        tracer.note(now, member.slot, "cannot read entry ", index)
    }

    private func mayLose(_ member: Member) -> Bool {
        !member.isUp && profile.voters >= 3 && !members.contains { $0.disk.isDamaged }
    }
}
