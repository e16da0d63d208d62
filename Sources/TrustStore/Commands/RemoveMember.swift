import JOSE
package import Raft

/// The end of a removal: the member is leaving, as an operator asked, and votes no more, as the leader has seen to.
package struct RemoveMember: Sendable, Equatable {
    package var member: MemberID
    /// When its certificate expires, in seconds since 1970: until then it is remembered as removed.
    package var keepUntil: Int64

    package init(_ member: MemberID, keepUntil: Int64) {
        self.member = member
        self.keepUntil = keepUntil
    }

    func check() throws(CommandRefusal) {
        try Check.range(keepUntil, 0...(StateLimits.timeMillisecondsMax / 1_000), "keep_until")
    }
}

extension RemoveMember: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(try reader.memberID("member"), keepUntil: try reader.integer("keep_until"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("member", member.description)
        writer.integer("keep_until", keepUntil)
    }
}
