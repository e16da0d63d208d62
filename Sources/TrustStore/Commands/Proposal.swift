import JOSE
package import Raft

/// A change somebody wants, before the leader has given it its time. Made by any member, carried to
/// the leader as these bytes.
package struct Proposal: Sendable, Equatable {
    /// The same for every attempt to get the same thing done.
    package let requestID: RequestID
    /// The applied index at the proposer when the request was first made. It bounds how long the
    /// proposal may wander: far beyond it the answer might be forgotten, and the command run twice.
    package let proposedAfter: LogIndex
    package let actor: Actor
    package let body: CommandBody

    package init(requestID: RequestID, proposedAfter: LogIndex, actor: Actor, body: CommandBody) {
        self.requestID = requestID
        self.proposedAfter = proposedAfter
        self.actor = actor
        self.body = body
    }

    /// A proposal longer than this is turned down by every decoder. 256 KiB holds the largest
    /// founding command that passes its checks.
    package static let encodedBytesMax = 1 << 18

    package func encode() -> [UInt8] {
        var writer = CommandEnvelope.begin(kind: body.kind)
        write(to: &writer)
        return JSON.object(JSONObject(writer.members)).encoded()
    }

    package init(decoding bytes: [UInt8]) throws(CommandError) {
        let (kind, envelope) = try CommandEnvelope.open(bytes, bytesMax: Self.encodedBytesMax)
        var reader = envelope
        do throws(JSONFieldError) {
            try self.init(kind, from: &reader)
            try reader.finish()
        } catch {
            throw .malformed(error)
        }
    }

    func write(to writer: inout RecordWriter) {
        writer.string("request_id", requestID.description)
        writer.index("proposed_after", proposedAfter)
        writer.record("actor", actor)
        var inner = RecordWriter()
        body.write(to: &inner)
        writer.value("body", .object(JSONObject(inner.members)))
    }

    init(_ kind: CommandKind, from reader: inout JSONObjectReader) throws(JSONFieldError) {
        requestID = try reader.requestID("request_id")
        proposedAfter = try reader.index("proposed_after")
        actor = try reader.record("actor")
        var inner = try reader.object("body")
        body = try CommandBody(kind, from: &inner)
        try inner.finish()
    }
}
