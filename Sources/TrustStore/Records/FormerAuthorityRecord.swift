import JOSE

/// The CA that the cluster had before, as long as it is still of use: it issued the certificate that clients see, and signs
/// a CRL for the certificates that it issued to them.
package struct FormerAuthorityRecord: Sendable, Equatable {
    /// DER.
    package var certificate: [UInt8]
    /// Sealed under the cluster's data key.
    package var sealedKey: [UInt8]
    /// Unix seconds.
    package var overlapEndsAt: Int64

    package init(certificate: [UInt8], sealedKey: [UInt8], overlapEndsAt: Int64) {
        self.certificate = certificate
        self.sealedKey = sealedKey
        self.overlapEndsAt = overlapEndsAt
    }
}

extension FormerAuthorityRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            certificate: try reader.bytes("certificate"), sealedKey: try reader.bytes("sealed_key"),
            overlapEndsAt: try reader.integer("overlap_ends_at"))
    }

    func write(to writer: inout RecordWriter) {
        writer.bytes("certificate", certificate)
        writer.bytes("sealed_key", sealedKey)
        writer.integer("overlap_ends_at", overlapEndsAt)
    }
}
