import JOSE

package struct NewAddToken: Sendable, Equatable {
    package var id: String
    /// SHA-256 of the secret.
    package var secretHash: [UInt8]
    package var name: String
    package var isRestricted: Bool
    package var projects: [String]
    package var expiresAt: Int64?

    package init(id: String, secretHash: [UInt8], name: String, isRestricted: Bool, projects: [String], expiresAt: Int64?) {
        self.id = id
        self.secretHash = secretHash
        self.name = name
        self.isRestricted = isRestricted
        self.projects = projects
        self.expiresAt = expiresAt
    }

    func check() throws(CommandRefusal) {
        try Check.key(id, "id")
        try Check.hash(secretHash, "secret_hash")
        try Check.text(name, "name")
        try Check.projects(projects, "projects")
        if let expiresAt { try Check.range(expiresAt, 0...(StateLimits.timeMillisecondsMax / 1_000), "expires_at") }
    }
}

extension NewAddToken: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.string("id"),
            secretHash: try reader.bytes("secret_hash"),
            name: try reader.string("name"),
            isRestricted: try reader.bool("is_restricted"),
            projects: try reader.strings("projects"),
            expiresAt: try reader.optionalInteger("expires_at"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id)
        writer.bytes("secret_hash", secretHash)
        writer.string("name", name)
        writer.bool("is_restricted", isRestricted)
        writer.strings("projects", projects)
        writer.integer("expires_at", expiresAt)
    }
}

/// The use of an add token: it goes and the certificate comes, in one entry, so of many uses one succeeds.
package struct RedeemAddToken: Sendable, Equatable {
    /// SHA-256 of the secret.
    package var secretHash: [UInt8]
    /// Of the certificate that the caller proved to hold.
    package var fingerprint: String
    /// DER.
    package var certificate: [UInt8]

    package init(secretHash: [UInt8], fingerprint: String, certificate: [UInt8]) {
        self.secretHash = secretHash
        self.fingerprint = fingerprint
        self.certificate = certificate
    }

    func check() throws(CommandRefusal) {
        try Check.hash(secretHash, "secret_hash")
        try Check.fingerprint(fingerprint, "fingerprint")
        try Check.blob(certificate, "certificate")
    }
}

extension RedeemAddToken: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            secretHash: try reader.bytes("secret_hash"),
            fingerprint: try reader.string("fingerprint"),
            certificate: try reader.bytes("certificate"))
    }

    func write(to writer: inout RecordWriter) {
        writer.bytes("secret_hash", secretHash)
        writer.string("fingerprint", fingerprint)
        writer.bytes("certificate", certificate)
    }
}
