import JOSE

/// A new data key, and sealed under it whatever was sealed under the former one: all of it or nothing.
package struct RotateDataKey: Sendable, Equatable {
    /// Of the new key; everything sealed under it begins with these bytes.
    package var id: [UInt8]
    /// Of the key in use, empty for the one the cluster was founded with. Another one by then refuses this.
    package var formerID: [UInt8]
    /// The key itself, for each member by its id, sealed to the member's own key. Exactly the members there are.
    package var members: [Resealed]
    /// By kid: exactly those there are.
    package var signingKeys: [Resealed]
    /// By id: exactly those there are.
    package var importedKeys: [Resealed]
    /// The CA that the sealed key belongs to, DER.
    package var caCertificate: [UInt8]
    package var sealedCAKey: [UInt8]
    /// Of the former CA, in an overlap.
    package var sealedFormerCAKey: [UInt8]?
    /// The leaf that the sealed key belongs to, DER.
    package var serverCertificate: [UInt8]
    package var sealedServerKey: [UInt8]

    package static let idByteCount = 8

    /// One secret under its new seal.
    package struct Resealed: Sendable, Equatable {
        package var name: String
        package var sealed: [UInt8]

        package init(_ name: String, _ sealed: [UInt8]) {
            self.name = name
            self.sealed = sealed
        }
    }

    package init(
        id: [UInt8], formerID: [UInt8], members: [Resealed], signingKeys: [Resealed], importedKeys: [Resealed], caCertificate: [UInt8],
        sealedCAKey: [UInt8], sealedFormerCAKey: [UInt8]? = nil, serverCertificate: [UInt8], sealedServerKey: [UInt8]
    ) {
        self.id = id
        self.formerID = formerID
        self.members = members
        self.signingKeys = signingKeys
        self.importedKeys = importedKeys
        self.caCertificate = caCertificate
        self.sealedCAKey = sealedCAKey
        self.sealedFormerCAKey = sealedFormerCAKey
        self.serverCertificate = serverCertificate
        self.sealedServerKey = sealedServerKey
    }

    func check() throws(CommandRefusal) {
        guard id.count == Self.idByteCount, id != formerID else { throw .invalid("id", "must be \(Self.idByteCount) new bytes") }
        guard formerID.isEmpty || formerID.count == Self.idByteCount else {
            throw .invalid("former_id", "must be \(Self.idByteCount) bytes, or missing")
        }
        for member in members {
            try Check.key(member.name, "members")
            try Check.blob(member.sealed, "members")
        }
        for (field, keys) in [("signing_keys", signingKeys), ("imported_keys", importedKeys)] {
            for key in keys {
                try Check.key(key.name, field)
                try checkSealed(key.sealed, field)
            }
        }
        try Check.blob(caCertificate, "ca_certificate")
        try checkSealed(sealedCAKey, "sealed_ca_key")
        if let sealedFormerCAKey { try checkSealed(sealedFormerCAKey, "sealed_former_ca_key") }
        try Check.blob(serverCertificate, "server_certificate")
        try checkSealed(sealedServerKey, "sealed_server_key")
    }

    private func checkSealed(_ sealed: [UInt8], _ field: String) throws(CommandRefusal) {
        try Check.blob(sealed, field)
        guard sealed.starts(with: id) else { throw .invalid(field, "must be sealed under the new key") }
    }
}

extension RotateDataKey.Resealed: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(try reader.string("name"), try reader.bytes("sealed"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("name", name)
        writer.bytes("sealed", sealed)
    }
}

extension RotateDataKey: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.bytes("id"), formerID: try reader.optionalBytes("former_id") ?? [],
            members: try reader.records("members", max: StateLimits.membersMax),
            signingKeys: try reader.records("signing_keys", max: StateLimits.signingKeysMax),
            importedKeys: try reader.records("imported_keys", max: StateLimits.importedKeysMax),
            caCertificate: try reader.bytes("ca_certificate"), sealedCAKey: try reader.bytes("sealed_ca_key"),
            sealedFormerCAKey: try reader.optionalBytes("sealed_former_ca_key"),
            serverCertificate: try reader.bytes("server_certificate"), sealedServerKey: try reader.bytes("sealed_server_key"))
    }

    func write(to writer: inout RecordWriter) {
        writer.bytes("id", id)
        if !formerID.isEmpty { writer.bytes("former_id", formerID) }
        writer.records("members", members)
        writer.records("signing_keys", signingKeys)
        writer.records("imported_keys", importedKeys)
        writer.bytes("ca_certificate", caCertificate)
        writer.bytes("sealed_ca_key", sealedCAKey)
        writer.bytes("sealed_former_ca_key", sealedFormerCAKey)
        writer.bytes("server_certificate", serverCertificate)
        writer.bytes("sealed_server_key", sealedServerKey)
    }
}
