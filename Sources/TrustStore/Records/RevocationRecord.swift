import JOSE
package import Raft

/// A token that no member accepts any more.
package struct RevocationRecord: Sendable, Equatable {
    /// The token's `jti`.
    package var tokenID: String
    package var reason: String?
    /// When the token would have expired anyway, if known: after that the record may be pruned.
    package var expiresAt: Int64?
    package var createdAt: Int64
    package var createdBy: String
    /// The entry that revoked it.
    package var index: LogIndex
    /// Its place among those that the entry revoked.
    package var ordinal: UInt16

    /// The index names the revocation, with its place where the entry has several, so a million of them need no other name in
    /// memory.
    package var id: String { place.id }

    package var place: RevocationPlace { RevocationPlace(index: index, ordinal: ordinal) }

    package init(
        tokenID: String, reason: String?, expiresAt: Int64?, createdAt: Int64, createdBy: String, index: LogIndex,
        ordinal: UInt16 = 0
    ) {
        self.tokenID = tokenID
        self.reason = reason
        self.expiresAt = expiresAt
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.index = index
        self.ordinal = ordinal
    }
}

extension RevocationRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            tokenID: try reader.string("token_id"),
            reason: try reader.optionalString("reason"),
            expiresAt: try reader.optionalInteger("expires_at"),
            createdAt: try reader.integer("created_at"),
            createdBy: try reader.string("created_by"),
            index: try reader.index("index"),
            ordinal: UInt16(try reader.optionalInteger("ordinal", in: 1...Int64(UInt16.max)) ?? 0))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("token_id", tokenID)
        writer.string("reason", reason)
        writer.integer("expires_at", expiresAt)
        writer.integer("created_at", createdAt)
        writer.string("created_by", createdBy)
        writer.index("index", index)
        if ordinal > 0 { writer.integer("ordinal", Int64(ordinal)) }
    }
}
