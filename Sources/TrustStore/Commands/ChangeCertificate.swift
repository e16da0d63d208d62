import JOSE
package import Raft

/// New values of some members of a trusted certificate's entry; the others stay as they are. Its type never changes.
package struct ChangeCertificate: Sendable, Equatable {
    /// The certificate that takes the entry over. The former one is trusted no more, from the same moment.
    package struct Replacement: Sendable, Equatable {
        package var fingerprint: String
        /// DER.
        package var certificate: [UInt8]

        package init(fingerprint: String, certificate: [UInt8]) {
            self.fingerprint = fingerprint
            self.certificate = certificate
        }
    }

    package var fingerprint: String
    /// The version that the change was decided by; another one by then refuses it. Nil changes whatever is there.
    package var expectedVersion: LogIndex?
    package var name: String?
    package var summary: String?
    package var isRestricted: Bool?
    package var projects: [String]?
    package var replacement: Replacement?

    package init(
        fingerprint: String, expectedVersion: LogIndex? = nil, name: String? = nil, summary: String? = nil,
        isRestricted: Bool? = nil, projects: [String]? = nil, replacement: Replacement? = nil
    ) {
        self.fingerprint = fingerprint
        self.expectedVersion = expectedVersion
        self.name = name
        self.summary = summary
        self.isRestricted = isRestricted
        self.projects = projects
        self.replacement = replacement
    }

    func check() throws(CommandRefusal) {
        try Check.fingerprint(fingerprint, "fingerprint")
        if let name { try Check.text(name, "name") }
        if let summary { try Check.optionalText(summary, "description") }
        if let projects { try Check.projects(projects, "projects") }
        if let replacement {
            try Check.fingerprint(replacement.fingerprint, "replacement.fingerprint")
            try Check.blob(replacement.certificate, "replacement.certificate")
        }
    }
}

extension ChangeCertificate: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            fingerprint: try reader.string("fingerprint"),
            expectedVersion: try reader.optionalIndex("expected_version"),
            name: try reader.optionalString("name"),
            summary: try reader.optionalString("summary"),
            isRestricted: try reader.optionalBool("is_restricted"),
            projects: try reader.optionalStrings("projects"),
            replacement: try reader.optionalRecord("replacement"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("fingerprint", fingerprint)
        if let expectedVersion { writer.index("expected_version", expectedVersion) }
        writer.string("name", name)
        writer.string("summary", summary)
        if let isRestricted { writer.bool("is_restricted", isRestricted) }
        if let projects { writer.strings("projects", projects) }
        if let replacement { writer.record("replacement", replacement) }
    }
}

extension ChangeCertificate.Replacement: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(fingerprint: try reader.string("fingerprint"), certificate: try reader.bytes("certificate"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("fingerprint", fingerprint)
        writer.bytes("certificate", certificate)
    }
}
