import JOSE
package import Raft

/// A proposal with the leader's time: the payload of a log entry. Everything that apply depends on
/// besides the state is in here, so that every member computes the same.
package struct Command: Sendable, Equatable {
    /// Raised when bytes of an older version would mean something else. A leader writes a newer one
    /// only when every member's feature level allows it.
    package static let version: Int64 = 1

    /// What the leader's stamp adds to a proposal of the largest size.
    package static let encodedBytesMax = Proposal.encodedBytesMax + 64

    /// The leader's wall clock. Apply makes it monotone, so it is a lower bound, not the truth.
    package let stampedAtMilliseconds: Int64
    package let proposal: Proposal

    package var requestID: RequestID { proposal.requestID }
    package var proposedAfter: LogIndex { proposal.proposedAfter }
    package var actor: Actor { proposal.actor }
    package var body: CommandBody { proposal.body }

    /// A clock outside 1970 to 9999 is brought to the nearer end: the entry must stay readable.
    package init(_ proposal: Proposal, stampedAtMilliseconds: Int64) {
        self.proposal = proposal
        self.stampedAtMilliseconds = min(max(stampedAtMilliseconds, 0), StateLimits.timeMillisecondsMax)
    }

    package func encode() -> [UInt8] {
        var writer = CommandEnvelope.begin(kind: body.kind)
        writer.integer("stamped_at_milliseconds", stampedAtMilliseconds)
        proposal.write(to: &writer)
        return JSON.object(JSONObject(writer.members)).encoded()
    }

    package init(decoding bytes: [UInt8]) throws(CommandError) {
        let (kind, envelope) = try CommandEnvelope.open(bytes, bytesMax: Self.encodedBytesMax)
        var reader = envelope
        do throws(JSONFieldError) {
            stampedAtMilliseconds = try reader.integer(
                "stamped_at_milliseconds", in: 0...StateLimits.timeMillisecondsMax)
            proposal = try Proposal(kind, from: &reader)
            try reader.finish()
        } catch {
            throw .malformed(error)
        }
    }
}
