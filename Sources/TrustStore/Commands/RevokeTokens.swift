import JOSE

/// Many tokens revoked in one entry, for one reason.
package struct RevokeTokens: Sendable, Equatable {
    /// So many ids of the longest kind fit into an entry of the log, with room to spare.
    package static let countMax = 800

    package struct Token: Sendable, Equatable {
        package var id: String
        /// The token's own expiry, if known.
        package var expiresAt: Int64?

        package init(id: String, expiresAt: Int64?) {
            self.id = id
            self.expiresAt = expiresAt
        }
    }

    package var tokens: [Token]
    package var reason: String?

    package init(_ tokens: [Token], reason: String?) {
        self.tokens = tokens
        self.reason = reason
    }

    func check() throws(CommandRefusal) {
        guard (1...Self.countMax).contains(tokens.count) else {
            throw .invalid("tokens", "must hold 1 to \(Self.countMax) tokens")
        }
        for token in tokens { try Check.key(token.id, "token_id") }
        if let reason { try Check.text(reason, "reason") }
    }
}

extension RevokeTokens: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(try reader.records("tokens", max: Self.countMax), reason: try reader.optionalString("reason"))
    }

    func write(to writer: inout RecordWriter) {
        writer.records("tokens", tokens)
        writer.string("reason", reason)
    }
}

extension RevokeTokens.Token: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(id: try reader.string("id"), expiresAt: try reader.optionalInteger("expires_at"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id)
        writer.integer("expires_at", expiresAt)
    }
}
