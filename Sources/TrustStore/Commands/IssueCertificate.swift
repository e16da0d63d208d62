import JOSE

/// A certificate that the proposer signed with the cluster's CA: on record and trusted in the same entry.
package struct IssueCertificate: Sendable, Equatable {
    package var entry: NewCertificate
    /// The octets of its INTEGER.
    package var serial: [UInt8]
    package var expiresAt: Int64

    package init(entry: NewCertificate, serial: [UInt8], expiresAt: Int64) {
        self.entry = entry
        self.serial = serial
        self.expiresAt = expiresAt
    }

    func check() throws(CommandRefusal) {
        try entry.check()
        guard (1...RevokedSerialsRecord.lengthMax).contains(serial.count) else {
            throw .invalid("serial", "must be 1 to \(RevokedSerialsRecord.lengthMax) bytes")
        }
        try Check.range(expiresAt, 0...(StateLimits.timeMillisecondsMax / 1_000), "expires_at")
    }
}

extension IssueCertificate: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(entry: try reader.record("entry"), serial: try reader.bytes("serial"), expiresAt: try reader.integer("expires_at"))
    }

    func write(to writer: inout RecordWriter) {
        writer.record("entry", entry)
        writer.bytes("serial", serial)
        writer.integer("expires_at", expiresAt)
    }
}
