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

    /// Nil when the peer may speak.
    ///
    /// The peer says too what it has seen of this member: if that is a later or another run, this one is the old copy, and
    /// stops before it acts on anything a peer sends. What nobody can have seen proves nothing, and must not shut this member
    /// out for good; but nothing is heard of who says so, so that this is right even if it should be true.
    func objection(to hello: PeerHello) -> InboundPeer.Objection? {
        switch Self.objection(for: PeerLineages.verdict(on: ownLineage, knowing: hello.known)) {
        case nil: break
        case .fenced(let reason):
            fence(reason)
            return nil
        case .dismissed(let reason):
            logger.warning("a member cannot have seen what it says of this one; it is not listened to", metadata: ["member": "\(name(of: hello.member))"])
            return .dismissed(reason)
        }
        let before = lineageFile.peers
        let verdict = lineageFile.peers.judge(hello.lineage, of: hello.member)
        if lineageFile.peers != before { saveLineage() }
        return Self.objection(for: verdict)
    }

    private static func objection(for verdict: PeerLineages.Verdict) -> InboundPeer.Objection? {
        switch verdict {
        case .accepted: nil
        case .rollback:
            .fenced(
                "its data directory is older than what this member already ran with (restored from a copy?), so it has "
                    + "forgotten what it promised since; remove this member (`credence cluster remove`), and join again with an empty directory")
        case .clone:
            .fenced(
                "another process runs, or ran, from a copy of the same data directory; only one of them may go on; this "
                    + "one can join as another member, with an empty directory")
        case .implausible:
            .dismissed("no data directory has ever run for as long as lineage.json says of one; that file is damaged, on one of the two members")
        }
    }

    /// For good: started again, its counter would have grown past what the others have seen, and they would take it for
    /// the rightful one.
    func fence(_ reason: String) {
        guard run == .running else { return }
        lineageFile.fence(reason)
        saveLineage()
        halt(reason)
    }

    /// A run that is connected for long is known by how far it has come, not by where it began.
    func heardGrowth(of member: MemberID, to counter: UInt64) {
        if lineageFile.peers.grew(member, to: counter) { saveLineage() }
    }

    /// Who is removed comes back with a new id or not at all; without this their number would grow until the table is full.
    /// Only whom this member saw go: a state that came from the disk may be older than what was seen of others.
    func forgetRemovedMembers() {
        let present = Set(state.members.keys)
        let removed = membersSeen.subtracting(present)
        membersSeen = present
        if !removed.isEmpty { lineageFile.peers.keep { !removed.contains($0) } }
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
