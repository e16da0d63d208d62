import JOSE

/// The first command of every log: the cluster, its founder and its first keys, all or nothing.
package struct FoundCluster: Sendable, Equatable {
    /// 32 lower hexadecimal digits.
    package var id: String
    package var name: String
    package var issuer: String
    package var caCertificate: [UInt8]
    package var sealedCAKey: [UInt8]
    /// Leaf first, DER.
    package var serverCertificate: [[UInt8]]
    package var sealedServerKey: [UInt8]
    package var settings: ClusterSettings
    package var member: NewMember
    /// At most `StateLimits.foundingKeysMax`.
    package var signingKeys: [NewSigningKey]

    package init(
        id: String, name: String, issuer: String, caCertificate: [UInt8], sealedCAKey: [UInt8],
        serverCertificate: [[UInt8]], sealedServerKey: [UInt8], settings: ClusterSettings = ClusterSettings(),
        member: NewMember, signingKeys: [NewSigningKey]
    ) {
        self.id = id
        self.name = name
        self.issuer = issuer
        self.caCertificate = caCertificate
        self.sealedCAKey = sealedCAKey
        self.serverCertificate = serverCertificate
        self.sealedServerKey = sealedServerKey
        self.settings = settings
        self.member = member
        self.signingKeys = signingKeys
    }

    func check() throws(CommandRefusal) {
        guard RequestID(id) != nil else { throw .invalid("id", "must be 32 lower hexadecimal digits") }
        try Check.text(name, "name")
        try Check.text(issuer, "issuer")
        try Check.blob(caCertificate, "ca_certificate")
        try Check.blob(sealedCAKey, "sealed_ca_key")
        try Check.chain(serverCertificate, "server_certificate")
        try Check.blob(sealedServerKey, "sealed_server_key")
        try settings.check()
        try member.check()
        guard signingKeys.count <= StateLimits.foundingKeysMax else {
            throw .invalid("signing_keys", "must hold at most \(StateLimits.foundingKeysMax) keys")
        }
        for key in signingKeys { try key.check() }
    }
}

extension FoundCluster: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.string("id"),
            name: try reader.string("name"),
            issuer: try reader.string("issuer"),
            caCertificate: try reader.bytes("ca_certificate"),
            sealedCAKey: try reader.bytes("sealed_ca_key"),
            serverCertificate: try reader.bytesList("server_certificate"),
            sealedServerKey: try reader.bytes("sealed_server_key"),
            settings: try reader.record("settings"),
            member: try reader.record("member"),
            signingKeys: try reader.records("signing_keys", max: StateLimits.foundingKeysMax))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id)
        writer.string("name", name)
        writer.string("issuer", issuer)
        writer.bytes("ca_certificate", caCertificate)
        writer.bytes("sealed_ca_key", sealedCAKey)
        writer.bytesList("server_certificate", serverCertificate)
        writer.bytes("sealed_server_key", sealedServerKey)
        writer.record("settings", settings)
        writer.record("member", member)
        writer.records("signing_keys", signingKeys)
    }
}
