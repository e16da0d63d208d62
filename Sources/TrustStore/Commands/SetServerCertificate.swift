import JOSE

/// The certificate that all members show to clients from now on.
package struct SetServerCertificate: Sendable, Equatable {
    /// Leaf first, DER.
    package var chain: [[UInt8]]
    /// Sealed under the cluster's data key.
    package var sealedKey: [UInt8]
    /// An operator brought it, so only an operator renews it.
    package var isOperators: Bool
    /// Of the leaf, for the audit record.
    package var fingerprint: String
    /// The leaf that is shown now, of a renewal: another one by then refuses it. Nil replaces whatever is there.
    package var former: [UInt8]?

    package init(chain: [[UInt8]], sealedKey: [UInt8], isOperators: Bool, fingerprint: String, former: [UInt8]? = nil) {
        self.chain = chain
        self.sealedKey = sealedKey
        self.isOperators = isOperators
        self.fingerprint = fingerprint
        self.former = former
    }

    func check() throws(CommandRefusal) {
        try Check.chain(chain, "chain")
        try Check.blob(sealedKey, "sealed_key")
        try Check.fingerprint(fingerprint, "fingerprint")
        if let former { try Check.blob(former, "former") }
    }
}

extension SetServerCertificate: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            chain: try reader.bytesList("chain"), sealedKey: try reader.bytes("sealed_key"), isOperators: try reader.bool("is_operators"),
            fingerprint: try reader.string("fingerprint"), former: try reader.optionalBytes("former"))
    }

    func write(to writer: inout RecordWriter) {
        writer.bytesList("chain", chain)
        writer.bytes("sealed_key", sealedKey)
        writer.bool("is_operators", isOperators)
        writer.string("fingerprint", fingerprint)
        writer.bytes("former", former)
    }
}
