import JOSE

/// A new CA of the cluster, which issues everything from then on. The one before it stays of use for `overlapSeconds`.
package struct RotateAuthority: Sendable, Equatable {
    /// DER.
    package var certificate: [UInt8]
    /// Sealed under the cluster's data key.
    package var sealedKey: [UInt8]
    /// The CA in use, DER; another one by then refuses this.
    package var former: [UInt8]
    package var overlapSeconds: Int64
    /// Of the new one, for the audit record.
    package var fingerprint: String

    /// A quarter of a year.
    package static let overlapSecondsRange: ClosedRange<Int64> = 0...(90 * 86_400)
    package static let overlapSecondsDefault: Int64 = 30 * 86_400

    package init(certificate: [UInt8], sealedKey: [UInt8], former: [UInt8], overlapSeconds: Int64, fingerprint: String) {
        self.certificate = certificate
        self.sealedKey = sealedKey
        self.former = former
        self.overlapSeconds = overlapSeconds
        self.fingerprint = fingerprint
    }

    func check() throws(CommandRefusal) {
        try Check.blob(certificate, "certificate")
        try Check.blob(sealedKey, "sealed_key")
        try Check.blob(former, "former")
        try Check.range(overlapSeconds, Self.overlapSecondsRange, "overlap_seconds")
        try Check.fingerprint(fingerprint, "fingerprint")
    }
}

extension RotateAuthority: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            certificate: try reader.bytes("certificate"), sealedKey: try reader.bytes("sealed_key"), former: try reader.bytes("former"),
            overlapSeconds: try reader.integer("overlap_seconds"), fingerprint: try reader.string("fingerprint"))
    }

    func write(to writer: inout RecordWriter) {
        writer.bytes("certificate", certificate)
        writer.bytes("sealed_key", sealedKey)
        writer.bytes("former", former)
        writer.integer("overlap_seconds", overlapSeconds)
        writer.string("fingerprint", fingerprint)
    }
}

/// The former CA and its key are forgotten, and clients are shown a certificate of the new one.
package struct EndAuthorityOverlap: Sendable, Equatable {
    /// The CA to be forgotten, DER; another one by then refuses this.
    package var former: [UInt8]
    /// The leaf that clients see now, DER; another one by then refuses this.
    package var shown: [UInt8]
    /// For the same key, leaf first; nil when the one they see is not of the former CA.
    package var chain: [[UInt8]]?

    package init(former: [UInt8], shown: [UInt8], chain: [[UInt8]]?) {
        self.former = former
        self.shown = shown
        self.chain = chain
    }

    func check() throws(CommandRefusal) {
        try Check.blob(former, "former")
        try Check.blob(shown, "shown")
        if let chain { try Check.chain(chain, "chain") }
    }
}

extension EndAuthorityOverlap: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        let chain = try reader.bytesList("chain")
        self.init(former: try reader.bytes("former"), shown: try reader.bytes("shown"), chain: chain.isEmpty ? nil : chain)
    }

    func write(to writer: inout RecordWriter) {
        writer.bytes("former", former)
        writer.bytes("shown", shown)
        writer.bytesList("chain", chain ?? [])
    }
}
