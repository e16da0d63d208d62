/// The rules for single fields. A field that breaks one refuses the command; it must not stop the log.
enum Check {
    static func range(_ value: Int64, _ range: ClosedRange<Int64>, _ field: String) throws(CommandRefusal) {
        guard range.contains(value) else {
            throw .invalid(field, "must be from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// Text for people: not empty, bounded, without control characters.
    static func text(_ value: String, _ field: String) throws(CommandRefusal) {
        guard !value.isEmpty, value.utf8.count <= StateLimits.textBytesMax else {
            throw .invalid(field, "must be 1 to \(StateLimits.textBytesMax) bytes")
        }
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .invalid(field, "must not contain control characters")
        }
    }

    /// A name that state is looked up by. Visible ASCII only: Swift compares strings by Unicode
    /// equivalence and SQLite by bytes, and the two must never disagree about which record is meant.
    static func key(_ value: String, _ field: String, bytesMax: Int = StateLimits.tokenIDBytesMax) throws(CommandRefusal) {
        guard !value.isEmpty, value.utf8.count <= bytesMax else {
            throw .invalid(field, "must be 1 to \(bytesMax) bytes")
        }
        guard value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .invalid(field, "must be visible ASCII")
        }
    }

    static func blob(_ value: [UInt8], _ field: String) throws(CommandRefusal) {
        guard !value.isEmpty, value.count <= StateLimits.blobBytesMax else {
            throw .invalid(field, "must be 1 to \(StateLimits.blobBytesMax) bytes")
        }
    }

    /// Certificates, leaf first, DER.
    static func chain(_ value: [[UInt8]], _ field: String) throws(CommandRefusal) {
        guard (1...StateLimits.chainCountMax).contains(value.count) else {
            throw .invalid(field, "must hold 1 to \(StateLimits.chainCountMax) certificates")
        }
        for certificate in value { try blob(certificate, field) }
    }

    /// Text that may be missing.
    static func optionalText(_ value: String, _ field: String) throws(CommandRefusal) {
        if !value.isEmpty { try text(value, field) }
    }

    /// A SHA-256 in lower hexadecimal.
    static func fingerprint(_ value: String, _ field: String) throws(CommandRefusal) {
        guard Fingerprint.isValid(value) else { throw .invalid(field, "must be 64 lower hexadecimal digits") }
    }

    static func projects(_ projects: [String], _ field: String) throws(CommandRefusal) {
        guard projects.count <= StateLimits.projectsMax else {
            throw .invalid(field, "must hold at most \(StateLimits.projectsMax) projects")
        }
        for project in projects { try key(project, field, bytesMax: StateLimits.projectBytesMax) }
    }

    static func listURL(_ value: String) throws(CommandRefusal) {
        if let flaw = RevocationListURL.flaw(in: value) { throw .invalid("crl_url", flaw) }
    }

    static func hash(_ value: [UInt8], _ field: String) throws(CommandRefusal) {
        guard value.count == 32 else { throw .invalid(field, "must be 32 bytes") }
    }

    static func memberName(_ name: String) throws(CommandRefusal) {
        guard MemberName.isValid(name) else {
            throw CommandRefusal(
                .memberNameInvalid,
                "Invalid cluster member name: it must be 1 to \(MemberName.lengthMax) visible ASCII characters, "
                    + "start and end with a letter or digit, and contain none of $ ? & + \" ' ` * /")
        }
    }

    static func addresses(_ addresses: [String], _ field: String) throws(CommandRefusal) {
        guard (1...StateLimits.addressesMax).contains(addresses.count) else {
            throw .invalid(field, "must hold 1 to \(StateLimits.addressesMax) addresses")
        }
        guard addresses.allSatisfy(MemberAddress.isValid) else {
            throw .invalid(field, "must hold addresses of the form host:port")
        }
    }

    static func scopes(_ scopes: [String], _ field: String) throws(CommandRefusal) {
        guard scopes.count <= StateLimits.scopesMax else {
            throw .invalid(field, "must hold at most \(StateLimits.scopesMax) scopes")
        }
        for scope in scopes { try key(scope, field, bytesMax: StateLimits.scopeBytesMax) }
    }
}
