import JOSE

package struct AddJoinToken: Sendable, Equatable {
    package var id: String
    package var memberName: String
    /// SHA-256 of the secret, 32 bytes.
    package var secretHash: [UInt8]
    /// As it stands in the token's text.
    package var expiresAt: Int64

    package init(id: String, memberName: String, secretHash: [UInt8], expiresAt: Int64) {
        self.id = id
        self.memberName = memberName
        self.secretHash = secretHash
        self.expiresAt = expiresAt
    }

    func check() throws(CommandRefusal) {
        try Check.key(id, "id")
        try Check.memberName(memberName)
        try Check.hash(secretHash, "secret_hash")
        try Check.range(expiresAt, 0...(StateLimits.timeMillisecondsMax / 1_000), "expires_at")
    }
}

extension AddJoinToken: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.string("id"),
            memberName: try reader.string("member_name"),
            secretHash: try reader.bytes("secret_hash"),
            expiresAt: try reader.integer("expires_at"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id)
        writer.string("member_name", memberName)
        writer.bytes("secret_hash", secretHash)
        writer.integer("expires_at", expiresAt)
    }
}
