import JOSE

/// A promise that one machine may join under one name, once, for a while.
package struct JoinTokenRecord: Sendable, Equatable {
    package var id: String
    package var memberName: String
    /// SHA-256 of the secret; the secret itself is with the operator only.
    package var secretHash: [UInt8]
    package var expiresAt: Int64
    package var createdAt: Int64
    package var createdBy: String

    package init(
        id: String, memberName: String, secretHash: [UInt8], expiresAt: Int64, createdAt: Int64, createdBy: String
    ) {
        self.id = id
        self.memberName = memberName
        self.secretHash = secretHash
        self.expiresAt = expiresAt
        self.createdAt = createdAt
        self.createdBy = createdBy
    }
}

extension JoinTokenRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.string("id"),
            memberName: try reader.string("member_name"),
            secretHash: try reader.bytes("secret_hash"),
            expiresAt: try reader.integer("expires_at"),
            createdAt: try reader.integer("created_at"),
            createdBy: try reader.string("created_by"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id)
        writer.string("member_name", memberName)
        writer.bytes("secret_hash", secretHash)
        writer.integer("expires_at", expiresAt)
        writer.integer("created_at", createdAt)
        writer.string("created_by", createdBy)
    }
}
