import JOSE

/// A client certificate that the cluster's own CA signed. Kept until it has expired, also when nobody trusts it any more:
/// a revocation names it by its fingerprint, and the cluster's CRL by its serial number.
package struct IssuedCertificateRecord: Sendable, Equatable {
    package var fingerprint: String
    /// The octets of its INTEGER.
    package var serial: [UInt8]
    package var subject: String
    package var expiresAt: Int64
    package var issuedAt: Int64
    package var issuedBy: String

    package init(fingerprint: String, serial: [UInt8], subject: String, expiresAt: Int64, issuedAt: Int64, issuedBy: String) {
        self.fingerprint = fingerprint
        self.serial = serial
        self.subject = subject
        self.expiresAt = expiresAt
        self.issuedAt = issuedAt
        self.issuedBy = issuedBy
    }

    /// A revoked certificate stands in one list more after its end (RFC 5280 §3.3); this is longer than any list holds.
    package static let keptSeconds: Int64 = 8 * 86_400

    package func isForgettable(at now: Int64) -> Bool { expiresAt + Self.keptSeconds < now }
}

extension IssuedCertificateRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            fingerprint: try reader.string("fingerprint"), serial: try reader.bytes("serial"), subject: try reader.string("subject"),
            expiresAt: try reader.integer("expires_at"), issuedAt: try reader.integer("issued_at"), issuedBy: try reader.string("issued_by"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("fingerprint", fingerprint)
        writer.bytes("serial", serial)
        writer.string("subject", subject)
        writer.integer("expires_at", expiresAt)
        writer.integer("issued_at", issuedAt)
        writer.string("issued_by", issuedBy)
    }
}
