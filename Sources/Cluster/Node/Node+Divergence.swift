import EventLoop
import Logging
import Raft
import Synchronization

/// A member whose log or state is not its leader's takes itself out of service (docs/consensus.md §10).
extension Node {
    func compare(with report: PeerReport, of member: MemberID) {
        guard quarantine == nil, report.isLeader, member == core.leader, let digest = report.digest else { return }
        found(trail.leaderSays(digest, at: report.appliedIndex))
    }

    func found(_ finding: AppliedTrail.Finding?) {
        guard let finding else { return }
        let leader = core.leader.map(name(of:)) ?? "its leader"
        switch finding {
        case .logsDiffer(let index): quarantine("its log is not that of \(leader) up to entry \(index)")
        case .statesDiffer(let index):
            quarantine("it applied the entries up to \(index) with another result than \(leader)")
        }
    }

    /// Looks through the file of the applied state, so that damage is found while others can still heal it. The start
    /// has read all of it, so the first look comes a period later.
    func scrub(now: MonotonicInstant) {
        guard let scrubbedAt else { return scrubbedAt = now }
        guard now - scrubbedAt >= scrubPeriod else { return }
        self.scrubbedAt = now
        storage.scrub()
    }

    /// What is in memory was read while the file was sound, but it could not be read again. A member that others can
    /// heal leaves service; one that is alone would only take the service away.
    func foundDamage(_ reason: String) {
        if core.configuration.voters.contains(where: { $0 != identity.id }) { return quarantine(reason) }
        logger.critical(
            "the state's file is damaged; this member serves from memory and would not start again",
            metadata: ["reason": "\(reason)"])
    }

    /// It vouches for nothing, applies nothing and takes no changes, and says why. Its log goes on, so that the
    /// others lose no voter.
    func quarantine(_ what: String) {
        guard quarantine == nil else { return }
        let reason = "\(what); run `credence member heal` on this member to replace its log and state by a snapshot"
        quarantineNote.withLock { $0 = reason }
        box.view.proven.clear()
        logger.critical("this member is out of service", metadata: ["reason": "\(reason)"])
        failWaiters(.halted(reason))
        step(.transferLeadership(id: 0, to: nil))
    }

    nonisolated var quarantine: String? { quarantineNote.withLock { $0 } }

    /// Replaces log and state by a snapshot of the leader's. Returns when the snapshot has been asked for; the
    /// status says how far it is.
    func heal() throws(HealError) {
        guard run == .running else { throw .notRunning }
        guard core.configuration.voters.contains(where: { $0 != identity.id }) else { throw .nobodyToHealFrom }
        guard !core.isLeader else { throw .leads }
        if quarantine == nil { quarantine("an operator ordered its state to be replaced") }
        step(.heal)
    }

    func healed() {
        guard quarantine != nil else { return }
        quarantineNote.withLock { $0 = nil }
        reads.dropFreshness()
        logger.notice("this member is back in service", metadata: ["index": "\(appliedIndex)"])
    }
}

/// Why a member's state was not replaced.
package enum HealError: Error, Equatable, Sendable {
    /// It has left the log.
    case notRunning
    case nobodyToHealFrom
    /// A leader cannot heal from itself.
    case leads
}
