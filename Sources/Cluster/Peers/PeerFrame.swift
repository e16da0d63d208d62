package import Raft
package import TrustStore

/// What members say to each other, one frame at a time, on a connection that TLS has already bound
/// to two members' pinned keys. A frame on the wire is a big-endian 32-bit length, a kind and a body.
package enum PeerFrame: Equatable, Sendable {
    /// First on every connection, from the side that dialled.
    case hello(PeerHello)
    case raft(Message)
    /// A proposal on its way to the leader, encoded (``TrustStore/Proposal``).
    case proposal([UInt8])
    /// The leader's, or former leader's, "not taken": the sender offers it again elsewhere or gives up.
    case proposalRejected(RequestID, ProposalObstacle)
    case status(PeerReport)
    /// Why the sender is about to close; for the reader's log.
    case goodbye(String)
    /// A wish that the leader hand over, to this voter if one is named.
    case transfer(to: MemberID?)
    /// The reader must leave the log, for this reason: what it would say cannot be relied on.
    case fenced(String)
}

/// Why a member that was offered a proposal did not put it into the log.
package enum ProposalObstacle: UInt8, Equatable, Sendable {
    case notLeader = 1
    case busy = 2
    case tooLarge = 3
    /// The bytes do not decode here: another version's command.
    case notUnderstood = 4
}

package struct PeerHello: Equatable, Sendable {
    package let clusterID: String
    package let member: MemberID
    /// The highest feature level the dialling binary knows.
    package let featureLevel: UInt32
    package let lineage: Lineage
    /// The newest that the dialling member has seen of the one it dials, which learns so that it is an old copy before it
    /// acts on anything else; nil when it has seen none.
    package let known: Lineage?

    package init(clusterID: String, member: MemberID, featureLevel: UInt32, lineage: Lineage, known: Lineage?) {
        self.clusterID = clusterID
        self.member = member
        self.featureLevel = featureLevel
        self.lineage = lineage
        self.known = known
    }
}

/// What a member tells the others about itself, a few times a second, for `cluster status` and for
/// decisions that need everybody's progress. Nothing about safety rests on it.
package struct PeerReport: Equatable, Sendable {
    package let appliedIndex: LogIndex
    package let commitIndex: LogIndex
    package let term: Term
    package let isLeader: Bool
    /// Milliseconds since the sender's view was provably current; nil when that was never proven.
    package let ageMilliseconds: UInt64?
    package let wallClockMilliseconds: Int64
    package let version: String
    package let featureLevel: UInt32
    /// How far the sender's counter has grown since its hello (`Lineage`).
    package let lineageCounter: UInt64
    /// What the sender is at `appliedIndex`; nil while it is out of service.
    package let digest: AppliedDigest?

    package init(
        appliedIndex: LogIndex, commitIndex: LogIndex, term: Term, isLeader: Bool, ageMilliseconds: UInt64?,
        wallClockMilliseconds: Int64, version: String, featureLevel: UInt32, lineageCounter: UInt64, digest: AppliedDigest?
    ) {
        self.featureLevel = featureLevel
        self.lineageCounter = lineageCounter
        self.digest = digest
        self.appliedIndex = appliedIndex
        self.commitIndex = commitIndex
        self.term = term
        self.isLeader = isLeader
        self.ageMilliseconds = ageMilliseconds
        self.wallClockMilliseconds = wallClockMilliseconds
        self.version = version
    }
}

/// Why a peer's bytes are not a frame. The connection is closed: after one bad frame nothing behind it can be trusted.
package enum PeerFrameError: Error, Equatable, Sendable, CustomStringConvertible {
    case tooLong(bytes: Int, bytesMax: Int)
    case unknownKind(UInt8)
    case malformed(kind: UInt8)

    package var description: String {
        switch self {
        case .tooLong(let bytes, let bytesMax): "a frame of \(bytes) bytes exceeds the limit of \(bytesMax)"
        case .unknownKind(let kind): "frame kind \(kind) is not known to this version"
        case .malformed(let kind): "a frame of kind \(kind) does not parse"
        }
    }
}
