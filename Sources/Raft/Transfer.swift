/// A leader's wish to hand over (Raft thesis §3.10; docs/consensus.md §6).
struct Transfer: Equatable, Sendable {
    let target: MemberID
    /// By the leader's clock; past it this leader goes on as if nothing had been asked.
    let deadline: UInt64
    /// The target has been told to campaign.
    var isTold = false
}

/// What became of a request to hand over. That it succeeded shows by the new leader.
package struct TransferResult: Equatable, Sendable {
    package enum Outcome: Equatable, Sendable {
        /// Under way: this leader takes no changes and confirms no reads until it ends.
        case started(to: MemberID)
        case rejected(TransferRejection)
        /// The target did not take over within E, or may no longer; this leader goes on.
        case aborted
        /// Another member leads, or an election is on.
        case leadershipLost
    }

    package let id: UInt64
    package let outcome: Outcome

    package init(id: UInt64, outcome: Outcome) {
        self.id = id
        self.outcome = outcome
    }
}

package enum TransferRejection: Error, Equatable, Sendable {
    case notLeader(leader: MemberID?)
    case targetIsNoVoter(MemberID)
    case targetIsLeader
    /// Not heard of within E.
    case targetIsSilent(MemberID)
    /// There is no other voter that was heard of within E.
    case nobodyToTakeOver
}
