import Raft

/// Directories that are put back from a copy, run from a copy for a while, or are emptied, and the rule by which the
/// others recognise them (docs/consensus.md §10).
///
/// The rule reaches no further than this: a copy of an earlier run is started, where every other member has met a
/// later one, and it is started once. Each start makes its counter grow, so that a copy that is started again after
/// it was fenced comes to pass for the newer directory; and a copy of the run that is on has the newest counter.
extension World {
    /// The member is stopped, its directory copied, and it is started again.
    func copyDirectory(of member: Member, _ crash: Fault.Crash) {
        guard member.isUp, member.replaced == nil else { return }
        self.crash(member, crash)
        member.copy = member.disk
        reached.note(.directoryCopied)
    }

    func replaceDirectory(of member: Member, by substitute: Fault.Substitute, _ crash: Fault.Crash, backAfter: Int?) {
        guard member.isUp, profile.voters >= 3, !members.contains(where: { $0.replaced != nil }), isKnownEverywhere(member) else { return }
        var other = Disk()
        if substitute == .copy {
            guard let copy = member.copy, copy.lineage < member.disk.lineage else { return }
            other = copy
        }
        self.crash(member, crash)
        member.replaced = Member.Replaced(disk: member.disk, backAt: backAfter.map { now + crash.downTicks + $0 })
        member.disk = other
        reached.note(substitute == .copy ? .copyStarted : .directoryEmptied)
        // Without an identity there is nothing to start; it could only join as a new member.
        if substitute == .nothing, !keepsIdentity { member.restartAt = nil }
    }

    /// What a copy believes until it is fenced binds nobody and reaches nobody: it is not judged by that.
    func isBound(_ member: Member) -> Bool { member.replaced == nil || keepsIdentity }

    private func isKnownEverywhere(_ member: Member) -> Bool {
        members.allSatisfy { $0.slot == member.slot || $0.disk.lineages.newest(of: member.slot)?.counter == member.disk.lineage }
    }

    private var keepsIdentity: Bool {
        #if CREDENCE_MUTANTS
        mutant == .copiesKeepIdentity
        #else
        false
        #endif
    }

    /// Connections begin with a hello. One that comes from a directory older than what was seen is fenced: its member
    /// leaves, and nothing of it is listened to.
    func isHeard(_ member: Member, by receiver: Int) -> Bool {
        // Nobody hears it, and nobody finds out.
        if network.isCut(from: member.slot, to: receiver) { return member.replaced == nil }
        let lineage = Lineage(counter: member.disk.lineage, nonce: runs[member.slot])
        if members[receiver].disk.lineages.accept(lineage, of: member.slot) || keepsIdentity { return true }
        member.isFenced = true
        return false
    }

    /// Who was fenced, or saw by itself that its log is not what the others rely on, is stopped for good; a directory
    /// that was only mislaid is put back.
    func tendDirectories() {
        for member in members {
            guard let replaced = member.replaced else { continue }
            if member.isFenced {
                reached.note(.copyFenced)
                stop(member)
            }
            if let backAt = replaced.backAt, backAt <= now || (isHealed && !member.isUp) {
                putBack(replaced.disk, to: member)
            } else if isHealed, !member.isUp {
                member.broken = .down
            }
        }
    }

    private func putBack(_ directory: Disk, to member: Member) {
        stop(member)
        member.replaced = nil
        member.disk = directory
        member.restartAt = now
        reached.note(.directoryPutBack)
    }

    private func stop(_ member: Member) {
        crash(member, Fault.Crash(keptPermille: 0, downTicks: 0))
        member.restartAt = nil
        member.isFenced = false
    }
}
