import JOSE

/// A certificate to trust. Whoever proposes it has parsed it, and judged its key and its times.
package struct NewCertificate: Sendable, Equatable {
    package var fingerprint: String
    /// DER.
    package var certificate: [UInt8]
    package var type: TrustedCertificateType
    package var name: String
    package var summary: String
    package var isRestricted: Bool
    package var projects: [String]

    package init(
        fingerprint: String, certificate: [UInt8], type: TrustedCertificateType, name: String, summary: String = "",
        isRestricted: Bool = false, projects: [String] = []
    ) {
        self.fingerprint = fingerprint
        self.certificate = certificate
        self.type = type
        self.name = name
        self.summary = summary
        self.isRestricted = isRestricted
        self.projects = projects
    }

    func check() throws(CommandRefusal) {
        try Check.fingerprint(fingerprint, "fingerprint")
        try Check.blob(certificate, "certificate")
        try Check.text(name, "name")
        try Check.optionalText(summary, "description")
        try Check.projects(projects, "projects")
    }
}

extension NewCertificate: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            fingerprint: try reader.string("fingerprint"),
            certificate: try reader.bytes("certificate"),
            type: try reader.choice("type"),
            name: try reader.string("name"),
            summary: try reader.string("summary"),
            isRestricted: try reader.bool("is_restricted"),
            projects: try reader.strings("projects"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("fingerprint", fingerprint)
        writer.bytes("certificate", certificate)
        writer.string("type", type.rawValue)
        writer.string("name", name)
        writer.string("summary", summary)
        writer.bool("is_restricted", isRestricted)
        writer.strings("projects", projects)
    }
}
