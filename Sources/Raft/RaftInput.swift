/// Everything that can happen to the core.
package enum RaftInput: Sendable {
    case tick
    /// From the peer that the transport has authenticated as `message.from`.
    case received(Message)
    /// `id` is the shell's own; it comes back once in `RaftOutput.proposals`.
    case propose(id: UInt64, payload: [UInt8])
    /// Several at once: one storage operation, one append message per peer.
    case proposeBatch([Proposal])
    /// Adds or removes one voter (docs/consensus.md §7). A new voter must be a learner that has caught up.
    case proposeConfiguration(id: UInt64, Configuration)
    /// The members that receive the log without counting, as the applied state names them. Replaces the former set.
    case setLearners([MemberID])
    /// Asks for an index that covers everything committed before now. On a follower the leader is asked.
    case readIndex(id: UInt64)
    /// Every storage operation up to and including this one is durable. Operations complete in order.
    case persisted(upTo: UInt64)
    case applied(through: LogIndex)
    /// The answer to a `LoadRequest`.
    case loaded(LoadedEntries)
    /// Hands leadership to `to`, or to the voter that is furthest along (docs/consensus.md §6). `id` comes back
    /// in `RaftOutput.transfers`, once when it starts or is refused, and once more when a started one ends.
    case transferLeadership(id: UInt64, to: MemberID?)
    /// The applied state is durable through here, so the log may forget what lies before (§8).
    case stateDurable(through: LogIndex)
    /// Answers to `SnapshotWork.prepare`.
    case snapshotReady(id: UInt64, SnapshotDescriptor)
    case snapshotUnavailable(id: UInt64)
    case chunkRead(LoadedChunk)
    /// So many bytes of the staged snapshot are on the disk.
    case snapshotStaged(SnapshotID, byteCount: UInt64)
    case snapshotVerified(SnapshotID, isSound: Bool)
    /// Replaces log and state of this member by a snapshot of its leader's: an operator's order, when the state
    /// here was found to differ (§10). The shell must have stopped applying.
    case heal
}

package struct Proposal: Equatable, Sendable {
    package let id: UInt64
    package let payload: [UInt8]

    package init(id: UInt64, payload: [UInt8]) {
        self.id = id
        self.payload = payload
    }
}

/// Entries read back from the disk for a peer that is behind the in-memory window.
package struct LoadedEntries: Equatable, Sendable {
    /// `LoadRequest.id`.
    package let id: UInt64
    /// From `LoadRequest.first` on, contiguous, possibly fewer than asked; empty when reading failed.
    package let entries: [Entry]

    package init(id: UInt64, entries: [Entry]) {
        self.id = id
        self.entries = entries
    }
}
