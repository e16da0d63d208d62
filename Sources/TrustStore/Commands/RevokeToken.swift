import JOSE

package struct RevokeToken: Sendable, Equatable {
    /// The token's `jti`, or what stands for it; visible ASCII.
    package var tokenID: String
    /// The token's own expiry, if known.
    package var expiresAt: Int64?
    package var reason: String?

    package init(tokenID: String, expiresAt: Int64?, reason: String?) {
        self.tokenID = tokenID
        self.expiresAt = expiresAt
        self.reason = reason
    }

    func check() throws(CommandRefusal) {
        try Check.key(tokenID, "token_id")
        if let reason { try Check.text(reason, "reason") }
    }
}

extension RevokeToken: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            tokenID: try reader.string("token_id"),
            expiresAt: try reader.optionalInteger("expires_at"),
            reason: try reader.optionalString("reason"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("token_id", tokenID)
        writer.integer("expires_at", expiresAt)
        writer.string("reason", reason)
    }
}
