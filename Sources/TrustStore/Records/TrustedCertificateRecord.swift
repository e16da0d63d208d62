import JOSE
package import Raft

/// What a trusted certificate is for. The certificates of members are not in the store: members are.
package enum TrustedCertificateType: String, Sendable, Hashable, CaseIterable {
    /// Speaks for its holder, over TLS and by tokens signed with its key.
    case client
    /// Reads the metrics, over TLS only.
    case metrics
}

/// A certificate whose holder the cluster believes, whoever issued it.
///
/// Its validity period is inside `certificate`, and judged each time by those who use it.
package struct TrustedCertificateRecord: Sendable, Equatable {
    /// Lower hexadecimal SHA-256 of the DER, 64 digits: its only name.
    package var fingerprint: String
    /// DER.
    package var certificate: [UInt8]
    package var type: TrustedCertificateType
    /// For people; two entries may share a name.
    package var name: String
    package var summary: String
    /// True for a holder who administers nothing and uses the named projects only.
    package var isRestricted: Bool
    /// Of a restricted one; none means no project.
    package var projects: [String]
    /// The add token that brought it; nil when an administrator added it. Who redeems the same token with the same
    /// certificate again has missed the answer, and gets it.
    package var tokenHash: [UInt8]?
    package var createdAt: Int64
    package var createdBy: String
    /// The entry that stored the record as it is. Changes with every change of it, and with nothing else.
    package var version: LogIndex

    package init(
        fingerprint: String, certificate: [UInt8], type: TrustedCertificateType, name: String, summary: String,
        isRestricted: Bool, projects: [String], tokenHash: [UInt8]?, createdAt: Int64, createdBy: String, version: LogIndex
    ) {
        self.fingerprint = fingerprint
        self.certificate = certificate
        self.type = type
        self.name = name
        self.summary = summary
        self.isRestricted = isRestricted
        self.projects = projects
        self.tokenHash = tokenHash
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.version = version
    }
}

extension TrustedCertificateRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            fingerprint: try reader.string("fingerprint"),
            certificate: try reader.bytes("certificate"),
            type: try reader.choice("type"),
            name: try reader.string("name"),
            summary: try reader.string("summary"),
            isRestricted: try reader.bool("is_restricted"),
            projects: try reader.strings("projects"),
            tokenHash: try reader.optionalBytes("token_hash"),
            createdAt: try reader.integer("created_at"),
            createdBy: try reader.string("created_by"),
            version: try reader.index("version"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("fingerprint", fingerprint)
        writer.bytes("certificate", certificate)
        writer.string("type", type.rawValue)
        writer.string("name", name)
        writer.string("summary", summary)
        writer.bool("is_restricted", isRestricted)
        writer.strings("projects", projects)
        writer.bytes("token_hash", tokenHash)
        writer.integer("created_at", createdAt)
        writer.string("created_by", createdBy)
        writer.index("version", version)
    }
}
