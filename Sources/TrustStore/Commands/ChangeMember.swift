import JOSE
package import Raft

/// New values of some members of a member's record; the others stay as they are.
package struct ChangeMember: Sendable, Equatable {
    package var member: MemberID
    /// The version that the change was decided by; another one by then refuses it. Nil changes whatever is there.
    package var expectedVersion: LogIndex?
    package var name: String?
    package var addresses: [String]?
    package var role: RoleWish?
    /// True begins its removal; the leader finishes it. False takes that back, while it is still a member.
    package var isLeaving: Bool?
    package var summary: String?
    package var failureDomain: String?

    package init(
        _ member: MemberID, expectedVersion: LogIndex? = nil, name: String? = nil, addresses: [String]? = nil,
        role: RoleWish? = nil, isLeaving: Bool? = nil, summary: String? = nil, failureDomain: String? = nil
    ) {
        self.member = member
        self.expectedVersion = expectedVersion
        self.name = name
        self.addresses = addresses
        self.role = role
        self.isLeaving = isLeaving
        self.summary = summary
        self.failureDomain = failureDomain
    }

    func check() throws(CommandRefusal) {
        if let name { try Check.memberName(name) }
        if let addresses { try Check.addresses(addresses, "addresses") }
        if let summary { try Check.optionalText(summary, "description") }
        if let failureDomain { try Check.text(failureDomain, "failure_domain") }
    }
}

extension ChangeMember: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            try reader.memberID("member"),
            expectedVersion: try reader.optionalIndex("expected_version"),
            name: try reader.optionalString("name"),
            addresses: try reader.optionalStrings("addresses", max: StateLimits.addressesMax),
            role: try reader.optionalChoice("role"),
            isLeaving: try reader.optionalBool("is_leaving"),
            summary: try reader.optionalString("summary"),
            failureDomain: try reader.optionalString("failure_domain"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("member", member.description)
        if let expectedVersion { writer.index("expected_version", expectedVersion) }
        summarize(to: &writer)
    }

    /// Only what changes.
    func summarize(to writer: inout RecordWriter) {
        writer.string("name", name)
        if let addresses { writer.strings("addresses", addresses) }
        writer.string("role", role?.rawValue)
        if let isLeaving { writer.bool("is_leaving", isLeaving) }
        writer.string("summary", summary)
        writer.string("failure_domain", failureDomain)
    }
}
