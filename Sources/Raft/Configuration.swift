/// The members whose votes and acknowledgements count.
///
/// Learners are not here: they never count, so which members they are is the applied state's business
/// (`RaftInput.setLearners`). The encoding carries a second, incoming set so that joint consensus can come
/// without a format break; today it is always empty and anything else is refused (docs/consensus.md §7).
package struct Configuration: Equatable, Sendable {
    /// Sorted, without duplicates.
    package let voters: [MemberID]

    /// A bound for the decoder and for proposals: seven voters, and slack for replacing two.
    package static let votersMax = 9

    /// Sorts and removes duplicates.
    package init(voters: [MemberID]) {
        var sorted: [MemberID] = []
        for voter in voters.sorted() where sorted.last != voter { sorted.append(voter) }
        self.voters = sorted
    }

    package static let empty = Configuration(voters: [])

    /// The smallest number of voters that any other majority intersects.
    package var majority: Int { voters.count / 2 + 1 }

    package func isVoter(_ member: MemberID) -> Bool { voters.contains(member) }

    /// Voters that are in exactly one of the two configurations.
    package func difference(from other: Configuration) -> [MemberID] {
        voters.filter { !other.isVoter($0) } + other.voters.filter { !isVoter($0) }
    }
}

extension Configuration {
    private static let version: UInt8 = 1

    /// Version (1), voter count (1), voters (16 each, ascending), incoming voter count (1, zero).
    package func encoded() -> [UInt8] {
        var writer = WireWriter()
        writer.write(Self.version)
        writer.write(UInt8(clamping: voters.count))
        for voter in voters { writer.write(voter) }
        writer.write(UInt8(0))
        return writer.bytes
    }

    package init(decoding payload: [UInt8]) throws(WireError) {
        let bytes = payload.span
        var reader = WireReader()
        try reader.expectVersion(Self.version, in: bytes)
        let count = Int(try reader.readByte(bytes))
        guard count <= Self.votersMax else { throw .overBound("voters", UInt64(count)) }
        var voters: [MemberID] = []
        for _ in 0..<count {
            let voter = try reader.readMemberID(bytes)
            // One set has one encoding, or two members could hold different bytes for the same entry.
            if let last = voters.last, voter <= last { throw .invalid("voters not ascending") }
            voters.append(voter)
        }
        guard try reader.readByte(bytes) == 0 else { throw .invalid("joint configuration") }
        try reader.expectEnd(of: bytes)
        self.init(voters: voters)
    }
}
