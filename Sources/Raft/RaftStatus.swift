package enum RaftRole: String, Equatable, Sendable {
    case follower, preCandidate, candidate, leader
}

/// A picture of the core for operators and metrics.
package struct RaftStatus: Equatable, Sendable {
    package var id: MemberID
    package var role: RaftRole
    package var term: Term
    package var leader: MemberID?
    package var commitIndex: LogIndex
    package var appliedIndex: LogIndex
    package var lastIndex: LogIndex
    package var durableIndex: LogIndex
    /// The configuration in force, and the index it was appended at.
    package var configuration: ConfigurationRecord
    package var learners: [MemberID]
    /// Payload bytes that a leader waits to see committed; zero when idle, and on everybody else.
    package var uncommittedBytes: Int
    /// On a leader only; sorted by id.
    package var peers: [PeerStatus]
    /// Set once the core has stopped.
    package var alarm: SafetyAlarm?
    /// What the log begins after.
    package var base: LogPosition
    /// Its disk lost what it had acknowledged, and it has not got it back yet.
    package var isRecovering: Bool
    /// Whom leadership is being handed to.
    package var transferTarget: MemberID?
    /// The snapshot on its way to this member.
    package var incomingSnapshot: SnapshotProgress?
}

/// How far a snapshot has come.
package struct SnapshotProgress: Equatable, Sendable {
    package var index: LogIndex
    package var bytesDone: UInt64
    package var bytesTotal: UInt64
}

package struct PeerStatus: Equatable, Sendable {
    package var id: MemberID
    package var isVoter: Bool
    /// The newest entry known durable on the peer.
    package var match: LogIndex
    /// Heard of within E.
    package var isActive: Bool
    /// A learner that could be promoted now.
    package var isCaughtUp: Bool
    /// The snapshot on its way to the peer.
    package var snapshot: SnapshotProgress?
}
