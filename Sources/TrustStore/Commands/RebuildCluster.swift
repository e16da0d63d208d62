import JOSE

/// The cluster goes on with one member, from what a backup or a survivor held. Made offline, where no majority could be asked;
/// no running member proposes it.
package struct RebuildCluster: Sendable, Equatable {
    package enum Origin: String, Sendable, CaseIterable {
        case backup
        /// A member that had lost its majority.
        case survivor
    }

    package var origin: Origin
    /// The only member from now on. A survivor presents itself as it was.
    package var member: NewMember
    /// Unix seconds: tokens issued in that second or earlier are revoked with it, because revocations may have been lost.
    package var revokeBefore: Int64?

    package init(origin: Origin, member: NewMember, revokeBefore: Int64? = nil) {
        self.origin = origin
        self.member = member
        self.revokeBefore = revokeBefore
    }

    func check() throws(CommandRefusal) {
        try member.check()
        if let revokeBefore { try Check.range(revokeBefore, 0...(StateLimits.timeMillisecondsMax / 1_000), "revoke_before") }
    }
}

extension RebuildCluster: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            origin: try reader.choice("origin"), member: try reader.record("member"),
            revokeBefore: try reader.optionalInteger("revoke_before"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("origin", origin.rawValue)
        writer.record("member", member)
        writer.integer("revoke_before", revokeBefore)
    }
}
