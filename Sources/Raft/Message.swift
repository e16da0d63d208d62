/// What members say to each other. The sender has been authenticated by the transport as `from`.
package struct Message: Equatable, Sendable {
    package let from: MemberID
    package let to: MemberID
    /// The sender's term; in a pre-vote and its grant, the term that is asked for.
    package let term: Term
    package let body: Body

    package init(from: MemberID, to: MemberID, term: Term, body: Body) {
        self.from = from
        self.to = to
        self.term = term
        self.body = body
    }

    package enum Body: Equatable, Sendable {
        case preVote(VoteRequest)
        case preVoteReply(VoteReply)
        case vote(VoteRequest)
        case voteReply(VoteReply)
        case append(AppendRequest)
        case appendReply(AppendReply)
        case heartbeat(Heartbeat)
        case heartbeatReply(round: UInt64)
        /// The answer to a leader of an older term: the message's own term says it all.
        case newerTerm
        /// A follower's wish for a read index. `token` is unique for the asker's run, across restarts.
        case readIndex(token: UInt64)
        /// nil: not confirmed, ask again.
        case readIndexReply(token: UInt64, index: LogIndex?)
        /// From a leader that hands over to the receiver, who must hold everything through `last`.
        case timeoutNow(last: LogPosition)
        case snapshotOffer(SnapshotDescriptor)
        case snapshotWanted(SnapshotWanted)
        case snapshotChunk(SnapshotChunk)
        /// From a member that heals: a snapshot that covers this index, whatever its log holds.
        case snapshotRequest(atLeast: LogIndex)
    }
}

/// A receiver's question for the piece of a snapshot that begins at `offset`: all before it is on its disk.
package struct SnapshotWanted: Equatable, Sendable {
    package let id: SnapshotID
    package let offset: UInt64
    /// The sender may send less. 0 asks for nothing: the receiver has all of it.
    package let byteCountMax: UInt32

    package init(id: SnapshotID, offset: UInt64, byteCountMax: UInt32) {
        self.id = id
        self.offset = offset
        self.byteCountMax = byteCountMax
    }
}

package struct VoteRequest: Equatable, Sendable {
    /// The candidate's private number of this poll; replies echo it.
    package let round: UInt64
    /// The candidate's last durable entry.
    package let last: LogPosition
    /// The leader asked for this campaign, so loyalty to it is no reason to ignore it.
    package let isTransfer: Bool

    package init(round: UInt64, last: LogPosition, isTransfer: Bool = false) {
        self.round = round
        self.last = last
        self.isTransfer = isTransfer
    }
}

package struct VoteReply: Equatable, Sendable {
    package let round: UInt64
    package let isGranted: Bool

    package init(round: UInt64, isGranted: Bool) {
        self.round = round
        self.isGranted = isGranted
    }
}

package struct AppendRequest: Equatable, Sendable {
    /// The entry just before `entries`.
    package let previous: LogPosition
    /// Contiguous from `previous.index + 1`, terms not falling and not above the message's. May be empty.
    package let entries: [Entry]
    /// The leader's commit index; counts only up to the last of `entries`.
    package let commit: LogIndex

    package init(previous: LogPosition, entries: [Entry], commit: LogIndex) {
        self.previous = previous
        self.entries = entries
        self.commit = commit
    }

    /// The index this request proves equal to the leader's log if it is accepted.
    var through: LogIndex { previous.index.advanced(by: entries.count) }
}

package enum AppendReply: Equatable, Sendable {
    /// Every entry up to here equals the leader's and is durable.
    case accepted(through: LogIndex)
    /// `previous` did not match. `hint` is the follower's largest entry at or below it whose term is not above
    /// the one asked for (docs/consensus.md §4).
    case rejected(previous: LogIndex, hint: LogPosition)
    /// The sender's disk lost entries it had acknowledged; this is its last one.
    case lost(after: LogPosition)
}

package struct Heartbeat: Equatable, Sendable {
    /// Never above what the receiver has acknowledged.
    package let commit: LogIndex
    /// Numbers the leader's heartbeat rounds within its term (docs/consensus.md §5).
    package let round: UInt64

    package init(commit: LogIndex, round: UInt64) {
        self.commit = commit
        self.round = round
    }
}
