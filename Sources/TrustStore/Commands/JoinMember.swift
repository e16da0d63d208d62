import JOSE

/// Redeems a join token: the token goes and the member comes in one entry, so a join that failed
/// leaves nothing behind.
package struct JoinMember: Sendable, Equatable {
    package var tokenID: String
    /// SHA-256 of the secret the joiner showed, 32 bytes. The secret itself never enters the log.
    package var secretHash: [UInt8]
    package var member: NewMember

    package init(tokenID: String, secretHash: [UInt8], member: NewMember) {
        self.tokenID = tokenID
        self.secretHash = secretHash
        self.member = member
    }

    func check() throws(CommandRefusal) {
        try Check.key(tokenID, "token_id")
        try Check.hash(secretHash, "secret_hash")
        try member.check()
    }
}

extension JoinMember: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            tokenID: try reader.string("token_id"),
            secretHash: try reader.bytes("secret_hash"),
            member: try reader.record("member"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("token_id", tokenID)
        writer.bytes("secret_hash", secretHash)
        writer.record("member", member)
    }
}
