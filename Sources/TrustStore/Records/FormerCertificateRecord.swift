import JOSE

/// A member's certificate that was renewed before it expired: whoever has it may still show it to somebody who knows
/// members by their CA alone, so the cluster's CRL has to name it too when the member goes.
package struct FormerCertificateRecord: Sendable, Equatable {
    /// The octets of its INTEGER.
    package var serial: [UInt8]
    /// Unix seconds.
    package var expiresAt: Int64

    package init(serial: [UInt8], expiresAt: Int64) {
        self.serial = serial
        self.expiresAt = expiresAt
    }

    /// RFC 5280 §4.1.2.2, and an octet for its sign.
    private static let serialBytesMax = 21

    func check() throws(CommandRefusal) {
        guard (1...Self.serialBytesMax).contains(serial.count) else {
            throw .invalid("former", "must have a serial number of 1 to \(Self.serialBytesMax) bytes")
        }
        try Check.range(expiresAt, 0...(StateLimits.timeMillisecondsMax / 1_000), "former")
    }
}

extension FormerCertificateRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(serial: try reader.bytes("serial"), expiresAt: try reader.integer("expires_at"))
    }

    func write(to writer: inout RecordWriter) {
        writer.bytes("serial", serial)
        writer.integer("expires_at", expiresAt)
    }
}

extension JSONObjectReader {
    mutating func formerCertificates(_ name: String) throws(JSONFieldError) -> [FormerCertificateRecord] {
        optionalValue(name) == nil ? [] : try records(name, max: StateLimits.formerCertificatesMax)
    }
}

extension RecordWriter {
    mutating func formerCertificates(_ name: String, _ former: [FormerCertificateRecord]) {
        if !former.isEmpty { records(name, former) }
    }
}
