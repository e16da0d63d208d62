import JOSE

/// New values of some members of an authority; the others stay as they are. Its certificate and its type never change.
package struct ChangeAuthority: Sendable, Equatable {
    package var fingerprint: String
    package var name: String?
    package var summary: String?
    package var isRestricted: Bool?
    package var projects: [String]?
    package var overdue: OverduePolicy?
    /// Empty: the CRL is no longer fetched.
    package var listURL: String?
    /// 0: the default.
    package var listRefreshSeconds: Int64?

    package init(
        fingerprint: String, name: String? = nil, summary: String? = nil, isRestricted: Bool? = nil, projects: [String]? = nil,
        overdue: OverduePolicy? = nil, listURL: String? = nil, listRefreshSeconds: Int64? = nil
    ) {
        self.fingerprint = fingerprint
        self.name = name
        self.summary = summary
        self.isRestricted = isRestricted
        self.projects = projects
        self.overdue = overdue
        self.listURL = listURL
        self.listRefreshSeconds = listRefreshSeconds
    }

    func check() throws(CommandRefusal) {
        try Check.fingerprint(fingerprint, "fingerprint")
        if let name { try Check.text(name, "name") }
        if let summary { try Check.optionalText(summary, "description") }
        if let projects { try Check.projects(projects, "projects") }
        if let listURL, !listURL.isEmpty { try Check.listURL(listURL) }
        if let listRefreshSeconds, listRefreshSeconds != 0 { try Check.range(listRefreshSeconds, AuthorityRecord.listRefreshRange, "crl_refresh_seconds") }
    }
}

extension ChangeAuthority: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            fingerprint: try reader.string("fingerprint"),
            name: try reader.optionalString("name"),
            summary: try reader.optionalString("summary"),
            isRestricted: try reader.optionalBool("is_restricted"),
            projects: try reader.optionalStrings("projects"),
            overdue: try reader.optionalChoice("crl_overdue"),
            listURL: try reader.optionalString("crl_url"),
            listRefreshSeconds: try reader.optionalInteger("crl_refresh_seconds"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("fingerprint", fingerprint)
        writer.string("name", name)
        writer.string("summary", summary)
        if let isRestricted { writer.bool("is_restricted", isRestricted) }
        if let projects { writer.strings("projects", projects) }
        writer.string("crl_overdue", overdue?.rawValue)
        writer.string("crl_url", listURL)
        writer.integer("crl_refresh_seconds", listRefreshSeconds)
    }
}
