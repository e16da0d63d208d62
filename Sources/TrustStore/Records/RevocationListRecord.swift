import JOSE
package import Raft

/// What is known of one CRL besides its serial numbers. It comes in many entries of the log: until the last one says that
/// it is whole, the one before it stays in force.
package struct RevocationListRecord: Sendable, Equatable {
    /// The entry that began it, which names it.
    package var index: LogIndex
    /// Of the authority that signed it.
    package var authority: String
    package var contents: RevocationListContents
    package var isInForce: Bool
    /// The last entry that was about it.
    package var changedAt: Int64
    package var createdBy: String

    package var id: String { Self.id(index) }

    package static func id(_ index: LogIndex) -> String { FixedHex.digits(index.rawValue) }

    package init(
        index: LogIndex, authority: String, contents: RevocationListContents, isInForce: Bool, changedAt: Int64, createdBy: String
    ) {
        self.index = index
        self.authority = authority
        self.contents = contents
        self.isInForce = isInForce
        self.changedAt = changedAt
        self.createdBy = createdBy
    }
}

/// What a CRL says of itself.
package struct RevocationListContents: Sendable, Equatable {
    /// Lower hexadecimal without leading zeros; nil when the authority does not number its lists.
    package var number: String?
    /// Unix seconds.
    package var thisUpdateAt: Int64
    package var nextUpdateAt: Int64
    /// SHA-256 of its DER.
    package var hash: [UInt8]
    /// Serial numbers in it.
    package var count: Int64

    package init(number: String?, thisUpdateAt: Int64, nextUpdateAt: Int64, hash: [UInt8], count: Int64) {
        self.number = number
        self.thisUpdateAt = thisUpdateAt
        self.nextUpdateAt = nextUpdateAt
        self.hash = hash
        self.count = count
    }

    package static let numberDigitsMax = 40

    /// Whether it may take the place of `other`: an older list would bring revoked certificates back.
    package func mayFollow(_ other: RevocationListContents) -> Bool {
        guard thisUpdateAt >= other.thisUpdateAt else { return false }
        guard let former = other.number else { return true }
        guard let number else { return false }
        let (new, old) = (Array(number.utf8), Array(former.utf8))
        return new.count != old.count ? new.count > old.count : !new.lexicographicallyPrecedes(old)
    }

    func check() throws(CommandRefusal) {
        if let number {
            let isHex = number.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
            guard isHex, (1...Self.numberDigitsMax).contains(number.utf8.count), number == "0" || number.utf8.first != 0x30 else {
                throw .invalid("number", "must be 1 to \(Self.numberDigitsMax) lower hexadecimal digits without leading zeros")
            }
        }
        let times = 0...(StateLimits.timeMillisecondsMax / 1_000)
        try Check.range(thisUpdateAt, times, "this_update_at")
        try Check.range(nextUpdateAt, times, "next_update_at")
        try Check.hash(hash, "hash")
        try Check.range(count, 0...Int64(StateLimits.revokedSerialsMax), "count")
    }
}

extension RevocationListContents: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            number: try reader.optionalString("number"), thisUpdateAt: try reader.integer("this_update_at"),
            nextUpdateAt: try reader.integer("next_update_at"), hash: try reader.bytes("hash"), count: try reader.integer("count"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("number", number)
        writer.integer("this_update_at", thisUpdateAt)
        writer.integer("next_update_at", nextUpdateAt)
        writer.bytes("hash", hash)
        writer.integer("count", count)
    }
}

extension RevocationListRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            index: try reader.index("index"), authority: try reader.string("authority"), contents: try reader.record("contents"),
            isInForce: try reader.bool("is_in_force"), changedAt: try reader.integer("changed_at"),
            createdBy: try reader.string("created_by"))
    }

    func write(to writer: inout RecordWriter) {
        writer.index("index", index)
        writer.string("authority", authority)
        writer.record("contents", contents)
        writer.bool("is_in_force", isInForce)
        writer.integer("changed_at", changedAt)
        writer.string("created_by", createdBy)
    }
}
