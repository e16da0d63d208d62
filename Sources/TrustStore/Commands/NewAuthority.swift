import JOSE

/// A CA certificate to trust. Whoever proposes it has parsed it, and judged its key and its extensions.
package struct NewAuthority: Sendable, Equatable {
    package var fingerprint: String
    /// DER.
    package var certificate: [UInt8]
    package var type: TrustedCertificateType
    package var isRestricted: Bool
    package var projects: [String]
    package var name: String
    package var summary: String
    package var overdue: OverduePolicy
    package var listURL: String?
    package var listRefreshSeconds: Int64?

    package init(
        fingerprint: String, certificate: [UInt8], type: TrustedCertificateType = .client, isRestricted: Bool = false,
        projects: [String] = [], name: String, summary: String = "", overdue: OverduePolicy = .refuse,
        listURL: String? = nil, listRefreshSeconds: Int64? = nil
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
    }

    func check() throws(CommandRefusal) {
        try Check.fingerprint(fingerprint, "fingerprint")
        try Check.blob(certificate, "certificate")
        try Check.projects(projects, "projects")
        try Check.text(name, "name")
        try Check.optionalText(summary, "description")
        if let listURL { try Check.listURL(listURL) }
        if let listRefreshSeconds { try Check.range(listRefreshSeconds, AuthorityRecord.listRefreshRange, "crl_refresh_seconds") }
    }
}

extension NewAuthority: RecordCodable {
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
            listRefreshSeconds: try reader.optionalInteger("crl_refresh_seconds"))
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
    }
}
