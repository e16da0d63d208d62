import JOSE

/// A promise that whoever knows a secret may add one certificate to the store, once, under these conditions.
package struct AddTokenRecord: Sendable, Equatable {
    package var id: String
    /// SHA-256 of the secret; the secret itself is with whoever was invited only.
    package var secretHash: [UInt8]
    /// Of the entry that it makes.
    package var name: String
    package var isRestricted: Bool
    package var projects: [String]
    /// Nil for a token that does not expire.
    package var expiresAt: Int64?
    package var createdAt: Int64
    package var createdBy: String

    package init(
        id: String, secretHash: [UInt8], name: String, isRestricted: Bool, projects: [String], expiresAt: Int64?,
        createdAt: Int64, createdBy: String
    ) {
        self.id = id
        self.secretHash = secretHash
        self.name = name
        self.isRestricted = isRestricted
        self.projects = projects
        self.expiresAt = expiresAt
        self.createdAt = createdAt
        self.createdBy = createdBy
    }

    package func isExpired(at now: Int64) -> Bool { expiresAt.map { $0 <= now } ?? false }
}

extension AddTokenRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.string("id"),
            secretHash: try reader.bytes("secret_hash"),
            name: try reader.string("name"),
            isRestricted: try reader.bool("is_restricted"),
            projects: try reader.strings("projects"),
            expiresAt: try reader.optionalInteger("expires_at"),
            createdAt: try reader.integer("created_at"),
            createdBy: try reader.string("created_by"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id)
        writer.bytes("secret_hash", secretHash)
        writer.string("name", name)
        writer.bool("is_restricted", isRestricted)
        writer.strings("projects", projects)
        writer.integer("expires_at", expiresAt)
        writer.integer("created_at", createdAt)
        writer.string("created_by", createdBy)
    }
}
