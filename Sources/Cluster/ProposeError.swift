package import Raft
package import TrustStore

/// Why a change, or a wait for one, did not come to its end.
package enum ProposeError: Error, Equatable, Sendable {
    /// No leader within the time given; nothing was changed.
    case noLeader
    /// The change was offered to a leader and no answer came in time: it may still happen. Repeating
    /// it with the same request id is safe.
    case outcomeUnknown
    /// The log took the command and the replicated rules refused it.
    case refused(CommandRefusal)
    /// The view did not reach this index in time.
    case notApplied(waitedFor: LogIndex, applied: LogIndex)
    /// Too many changes or waits are pending here; nothing was changed.
    case busy
    case tooLarge
    /// The cluster is not at the level of this command, because these members run older versions, or have not
    /// been heard of; nothing was changed.
    case featureLevel(needed: Int64, behind: [String])
    /// The leader runs a version that does not know this command; nothing was changed.
    case notUnderstoodByLeader
    /// This member no longer takes part in the log; the reason is for the operator.
    case halted(String)
    /// This member cannot write its log at the moment, so it could not see the change through; nothing was changed.
    case storageUnavailable(String)
    /// The task that waited was cancelled: its caller hung up.
    case cancelled
    case stopping
    /// A secret could not be sealed or opened; the reason carries none of it.
    case keyUnavailable(String)
}

/// A change that is committed, applied and visible on this member.
package struct Committed: Equatable, Sendable {
    /// The entry that did it: for a repeated request, the first one.
    package let index: LogIndex
    package let result: CommandResult
}

extension ProposalObstacle {
    /// What the waiters are told when this refusal is the whole story: nothing was changed.
    var error: ProposeError {
        switch self {
        case .notLeader: .noLeader
        case .busy: .busy
        case .tooLarge: .tooLarge
        case .notUnderstood: .notUnderstoodByLeader
        }
    }
}
