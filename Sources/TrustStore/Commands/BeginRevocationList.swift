import JOSE

/// Begins to store a CRL. The entry's index names it from then on.
package struct BeginRevocationList: Sendable, Equatable {
    /// Fingerprint.
    package var authority: String
    package var contents: RevocationListContents

    package init(authority: String, contents: RevocationListContents) {
        self.authority = authority
        self.contents = contents
    }

    func check() throws(CommandRefusal) {
        try Check.fingerprint(authority, "authority")
        try contents.check()
    }
}

extension BeginRevocationList: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(authority: try reader.string("authority"), contents: try reader.record("contents"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("authority", authority)
        writer.record("contents", contents)
    }
}
