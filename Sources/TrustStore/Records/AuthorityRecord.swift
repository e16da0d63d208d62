import JOSE
package import Raft

/// What to make of certificates whose issuer's revocation list is past its `nextUpdate`, or not there.
package enum OverduePolicy: String, Sendable, Hashable, CaseIterable {
    /// They are not trusted until a newer list comes.
    case refuse
    /// They are trusted as the last list says.
    case warn
}

/// A CA certificate: who shows a client certificate issued under it is trusted without an entry of their own.
///
/// Its validity period, its constraints and its key are inside `certificate`, and judged each time by those who use it.
package struct AuthorityRecord: Sendable, Equatable {
    /// Lower hexadecimal SHA-256 of the DER, 64 digits: its only name.
    package var fingerprint: String
    /// DER.
    package var certificate: [UInt8]
    /// Of those it vouches for; so are the two below.
    package var type: TrustedCertificateType
    package var isRestricted: Bool
    package var projects: [String]
    /// For people.
    package var name: String
    package var summary: String
    package var overdue: OverduePolicy
    /// Where the leader fetches the CRL (`RevocationListURL`); nil when it is imported by hand.
    package var listURL: String?
    /// How often; nil for the default.
    package var listRefreshSeconds: Int64?
    package var createdAt: Int64
    package var createdBy: String
    /// The entry that stored the record.
    package var version: LogIndex

    package static let listRefreshSecondsDefault: Int64 = 3_600
    /// Ten seconds to a week.
    package static let listRefreshRange: ClosedRange<Int64> = 10...604_800

    package init(
        fingerprint: String, certificate: [UInt8], type: TrustedCertificateType, isRestricted: Bool, projects: [String],
        name: String, summary: String, overdue: OverduePolicy, listURL: String? = nil, listRefreshSeconds: Int64? = nil,
        createdAt: Int64, createdBy: String, version: LogIndex
    ) {
        self.fingerprint = fingerprint
        self.certificate = certificate
        self.type = type
        self.isRestricted = isRestricted
        self.projects = projects
        self.name = name
        self.summary = summary
        self.overdue = overdue
        self.listURL = listURL
        self.listRefreshSeconds = listRefreshSeconds
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.version = version
    }
}

extension AuthorityRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            fingerprint: try reader.string("fingerprint"),
            certificate: try reader.bytes("certificate"),
            type: try reader.choice("type"),
            isRestricted: try reader.bool("is_restricted"),
            projects: try reader.strings("projects"),
            name: try reader.string("name"),
            summary: try reader.string("summary"),
            overdue: try reader.choice("crl_overdue"),
            listURL: try reader.optionalString("crl_url"),
            listRefreshSeconds: try reader.optionalInteger("crl_refresh_seconds"),
            createdAt: try reader.integer("created_at"),
            createdBy: try reader.string("created_by"),
            version: try reader.index("version"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("fingerprint", fingerprint)
        writer.bytes("certificate", certificate)
        writer.string("type", type.rawValue)
        writer.bool("is_restricted", isRestricted)
        writer.strings("projects", projects)
        writer.string("name", name)
        writer.string("summary", summary)
        writer.string("crl_overdue", overdue.rawValue)
        writer.string("crl_url", listURL)
        writer.integer("crl_refresh_seconds", listRefreshSeconds)
        writer.integer("created_at", createdAt)
        writer.string("created_by", createdBy)
        writer.index("version", version)
    }
}
