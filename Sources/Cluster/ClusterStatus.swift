package import Raft

/// The cluster as one member sees it, for `cluster status`.
package struct ClusterStatus: Equatable, Sendable {
    package let leader: MemberID?
    package let term: Term
    package let commitIndex: LogIndex
    package let appliedIndex: LogIndex
    /// What commands may be in the log.
    package let featureLevel: Int64
    /// Why this member left the log, if it did.
    package let haltedReason: String?
    /// Why this member is out of service although its log goes on, if so.
    package let quarantine: String?
    /// Why the log cannot be written here at the moment, if so.
    package let storageTrouble: String?
    /// Its disk lost what it had acknowledged; until that is back it does not vote.
    package let isRecovering: Bool
    /// The snapshot that is on its way to this member.
    package let snapshot: SnapshotProgress?
    /// By name.
    package let members: [MemberStatus]
}

package struct MemberStatus: Equatable, Sendable {
    package enum Role: String, Sendable { case voter, replica }
    package enum State: String, Sendable { case online, offline }

    package let id: MemberID
    package let name: String
    package let role: Role
    package let isLeader: Bool
    package let state: State
    package let appliedIndex: LogIndex?
    /// The snapshot on its way there, as the leader and the member itself know it.
    package let snapshot: SnapshotProgress?
    /// Entries it has still to apply, measured against what this member knows to be committed.
    package let lag: UInt64?
    /// Milliseconds since its view was provably current.
    package let ageMilliseconds: UInt64?
    package let version: String?
    /// Its wall clock less this member's, as of its last report; includes the way here.
    package let clockSkewMilliseconds: Int64?
    package let addresses: [String]
    package let certificateExpiresAt: Int64?
    /// Milliseconds since its last report; zero for this member.
    package let lastContactMilliseconds: UInt64?
}
