import JOSE

/// A token that was given a name when it was minted, so that it can be listed and revoked without
/// having its text, which is kept nowhere.
package struct NamedTokenRecord: Sendable, Equatable {
    /// The token's `jti`.
    package var id: String
    /// Free text; two tokens may share a name.
    package var name: String
    package var subject: String
    package var scopes: [String]
    package var keyID: String
    /// As the token says it (`iat`).
    package var issuedAt: Int64
    package var createdAt: Int64
    package var expiresAt: Int64
    package var createdBy: String
    /// Its place in the cluster's status lists.
    package var statusIndex: Int64
    /// Of the certificate that alone may present the token; nil for one that is not bound, or was recorded by an early version.
    package var certificateFingerprint: String?

    package init(
        id: String, name: String, subject: String, scopes: [String], keyID: String,
        issuedAt: Int64, createdAt: Int64, expiresAt: Int64, createdBy: String, statusIndex: Int64, certificateFingerprint: String? = nil
    ) {
        self.id = id
        self.name = name
        self.subject = subject
        self.scopes = scopes
        self.keyID = keyID
        self.issuedAt = issuedAt
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.createdBy = createdBy
        self.statusIndex = statusIndex
        self.certificateFingerprint = certificateFingerprint
    }
}

extension NamedTokenRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.string("id"),
            name: try reader.string("name"),
            subject: try reader.string("subject"),
            scopes: try reader.strings("scopes"),
            keyID: try reader.string("key_id"),
            issuedAt: try reader.integer("issued_at"),
            createdAt: try reader.integer("created_at"),
            expiresAt: try reader.integer("expires_at"),
            createdBy: try reader.string("created_by"),
            statusIndex: try reader.integer("status_index"),
            certificateFingerprint: try reader.optionalString("certificate_fingerprint"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id)
        writer.string("name", name)
        writer.string("subject", subject)
        writer.strings("scopes", scopes)
        writer.string("key_id", keyID)
        writer.integer("issued_at", issuedAt)
        writer.integer("created_at", createdAt)
        writer.integer("expires_at", expiresAt)
        writer.string("created_by", createdBy)
        writer.integer("status_index", statusIndex)
        writer.string("certificate_fingerprint", certificateFingerprint)
    }
}
