/// What one step wants done. The order of work is free: messages and committed entries that rely on a storage
/// operation are held inside the core until that operation is reported persisted (docs/consensus.md §2).
package struct RaftOutput: Equatable, Sendable {
    /// To be made durable, in order, each one atomically.
    package var storage: [StorageOperation] = []
    /// All safe to send at once.
    package var messages: [Message] = []
    /// To be applied, in order; each index exactly once per run, all durable here and committed.
    package var committed: [Entry] = []
    /// Reads that may be served once `index` is applied.
    package var reads: [ConfirmedRead] = []
    /// Reads that will not be confirmed; the caller may ask again.
    package var failedReads: [UInt64] = []
    package var proposals: [ProposalResult] = []
    package var loads: [LoadRequest] = []
    /// In order.
    package var snapshots: [SnapshotWork] = []
    package var transfers: [TransferResult] = []
    package var events: [RaftEvent] = []

    package init() {}
}

/// One atomic change of the log on disk: all or nothing (a crash between truncating and appending would look
/// like lost data). In this order: `install`, `truncateFrom`, `entries`, `hardState`, `base`.
package struct StorageOperation: Equatable, Sendable {
    /// 1, 2, 3… since the core was made.
    package let id: UInt64
    package let hardState: HardState?
    /// The suffix from here on is removed.
    package let truncateFrom: LogIndex?
    package let entries: [Entry]
    /// The log now begins after this position, which it holds: what lies at or below may be deleted, at leisure.
    package let base: LogBase?
    /// The staged snapshot, verified before, becomes the applied state, and the whole log, entry by entry, is
    /// replaced by an empty one that begins after it.
    package let install: SnapshotDescriptor?

    package init(
        id: UInt64, hardState: HardState? = nil, truncateFrom: LogIndex? = nil, entries: [Entry] = [],
        base: LogBase? = nil, install: SnapshotDescriptor? = nil
    ) {
        self.id = id
        self.hardState = hardState
        self.truncateFrom = truncateFrom
        self.entries = entries
        self.base = base
        self.install = install
    }
}

package struct ConfirmedRead: Equatable, Sendable {
    package let id: UInt64
    package let index: LogIndex

    package init(id: UInt64, index: LogIndex) {
        self.id = id
        self.index = index
    }
}

package struct ProposalResult: Equatable, Sendable {
    package enum Outcome: Equatable, Sendable {
        /// Appended here. Committed once an entry with this index *and term* comes out; another term at this
        /// index means it was lost.
        case accepted(LogPosition)
        case rejected(ProposalRejection)
    }

    package let id: UInt64
    package let outcome: Outcome

    package init(id: UInt64, outcome: Outcome) {
        self.id = id
        self.outcome = outcome
    }
}

package enum ProposalRejection: Error, Equatable, Sendable {
    case notLeader(leader: MemberID?)
    /// Too much is waiting to be committed.
    case busy
    case tooLarge(bytesMax: Int)
    /// The leader has not committed in its own term yet (docs/consensus.md §7, Ongaro 2015).
    case leaderNotSettled
    /// Another configuration entry is not committed yet.
    case changeInProgress
    /// The configuration is already in force.
    case noChange
    case moreThanOneChange
    case lastVoter
    case tooManyVoters
    /// The new voter is not a learner, or has not caught up.
    case notCaughtUp(MemberID)
    /// Fewer than a majority of the new configuration were heard of lately: the change could not commit.
    case noActiveMajority
    /// Leadership is being handed over; try again in a moment.
    case transferInProgress
}

/// Asks for entries that are on this member's disk but no longer in memory.
package struct LoadRequest: Equatable, Sendable {
    package let id: UInt64
    package let peer: MemberID
    package let first: LogIndex
    package let last: LogIndex
    /// Stop before the payloads exceed this, but return at least one entry.
    package let bytesMax: Int

    package init(id: UInt64, peer: MemberID, first: LogIndex, last: LogIndex, bytesMax: Int) {
        self.id = id
        self.peer = peer
        self.first = first
        self.last = last
        self.bytesMax = bytesMax
    }
}

/// Things worth a log line or a metric; none needs an answer but `stopped`.
package enum RaftEvent: Equatable, Sendable {
    case roleChanged(RaftRole, term: Term)
    case leaderChanged(MemberID?, term: Term)
    case steppedDown(StepDownReason, term: Term)
    /// A configuration entered force (by append, or by the removal of a later one).
    case configurationChanged(ConfigurationRecord)
    case configurationCommitted(ConfigurationRecord)
    /// Uncommitted entries from this index on were replaced by the leader's.
    case truncated(from: LogIndex)
    /// The peer needs entries older than this member's log holds; a snapshot is on its way.
    case peerNeedsSnapshot(MemberID)
    /// A snapshot has become this member's log and state.
    case snapshotInstalled(LogPosition)
    /// The log begins later than before.
    case compacted(LogBase)
    /// The log holds again what this member had acknowledged before its disk lost it (docs/consensus.md §10).
    case recovered
    case ignoredMessage(from: MemberID, reason: StaticText)
    /// The core has stopped for good; so must the member.
    case stopped(SafetyAlarm)
}

package enum StepDownReason: Equatable, Sendable {
    case newerTerm
    /// No majority of voters heard of within E (CheckQuorum).
    case quorumLost
    /// Its own log write has been pending for more than E/2.
    case diskStalled
    /// Its removal is committed.
    case removed
}

/// Evidence that a safety rule was broken somewhere: going on could spread the damage.
package enum SafetyAlarm: Error, Equatable, Sendable {
    case twoLeaders(term: Term, known: MemberID?, other: MemberID)
    /// A leader's entries contradict what is committed here.
    case committedEntryContradicted(at: LogIndex, by: MemberID)
    /// The leader says we acknowledged what we do not hold.
    case acknowledgedEntriesMissing(commit: LogIndex, last: LogIndex)
    case unreadableConfiguration(at: LogIndex, WireError)
}
