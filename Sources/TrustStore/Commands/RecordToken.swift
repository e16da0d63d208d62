import JOSE

/// Remembers a minted token by name. The token itself is not in the command.
package struct RecordToken: Sendable, Equatable {
    /// The token's `jti`, visible ASCII.
    package var id: String
    package var name: String
    package var subject: String
    package var scopes: [String]
    package var keyID: String
    /// As the token says it (`iat`).
    package var issuedAt: Int64
    package var expiresAt: Int64
    /// Of the certificate that alone may present the token, if it is bound to one.
    package var certificateFingerprint: String?

    package init(
        id: String, name: String, subject: String, scopes: [String], keyID: String, issuedAt: Int64, expiresAt: Int64,
        certificateFingerprint: String? = nil
    ) {
        self.id = id
        self.name = name
        self.subject = subject
        self.scopes = scopes
        self.keyID = keyID
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.certificateFingerprint = certificateFingerprint
    }

    func check() throws(CommandRefusal) {
        try Check.key(id, "id")
        try Check.text(name, "name")
        try Check.text(subject, "subject")
        try Check.scopes(scopes, "scopes")
        try Check.key(keyID, "key_id")
        try Check.range(issuedAt, 0...(StateLimits.timeMillisecondsMax / 1_000), "issued_at")
        try Check.range(expiresAt, 0...(StateLimits.timeMillisecondsMax / 1_000), "expires_at")
        if let certificateFingerprint { try Check.fingerprint(certificateFingerprint, "certificate_fingerprint") }
    }
}

extension RecordToken: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.string("id"),
            name: try reader.string("name"),
            subject: try reader.string("subject"),
            scopes: try reader.strings("scopes"),
            keyID: try reader.string("key_id"),
            issuedAt: try reader.integer("issued_at"),
            expiresAt: try reader.integer("expires_at"),
            certificateFingerprint: try reader.optionalString("certificate_fingerprint"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id)
        writer.string("name", name)
        writer.string("subject", subject)
        writer.strings("scopes", scopes)
        writer.string("key_id", keyID)
        writer.integer("issued_at", issuedAt)
        writer.integer("expires_at", expiresAt)
        writer.string("certificate_fingerprint", certificateFingerprint)
    }
}
