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
