import JOSE
package import Raft

/// The cluster itself: its name, its authority, and the certificate all members show to clients.
///
/// The two keys are sealed under the cluster's data key before they get here; this target never
/// sees them in clear.
package struct ClusterRecord: Sendable, Equatable {
    /// 32 lower hexadecimal digits.
    package var id: String
    package var name: String
    /// The `iss` of every token the cluster mints.
    package var issuer: String
    /// The cluster CA, DER.
    package var caCertificate: [UInt8]
    package var sealedCAKey: [UInt8]
    /// The certificate towards clients and those above it, leaf first, DER.
    package var serverCertificate: [[UInt8]]
    package var sealedServerKey: [UInt8]
    /// An operator brought the certificate towards clients, so nobody else renews it.
    package var isServerCertificateOperators: Bool
    package var settings: ClusterSettings
    /// The command that changed bound or policy of staleness last; zero when none has. A member that may not have
    /// applied it may still go by the older ones.
    package var freshnessSince: LogIndex
    package var createdAt: Int64
    /// Of the data key in use; empty for the one the cluster was founded with. Whatever is sealed begins with it.
    package var dataKeyID: [UInt8]
    /// When the CA came into use; nil for the first.
    package var caSince: Int64?
    package var formerAuthority: FormerAuthorityRecord?
    /// When the data key came into use; nil for the first.
    package var dataKeySince: Int64?

    package init(
        id: String, name: String, issuer: String,
        caCertificate: [UInt8], sealedCAKey: [UInt8],
        serverCertificate: [[UInt8]], sealedServerKey: [UInt8],
        isServerCertificateOperators: Bool = false, settings: ClusterSettings, freshnessSince: LogIndex = .zero, createdAt: Int64,
        dataKeyID: [UInt8] = [], dataKeySince: Int64? = nil, caSince: Int64? = nil, formerAuthority: FormerAuthorityRecord? = nil
    ) {
        self.id = id
        self.name = name
        self.issuer = issuer
        self.caCertificate = caCertificate
        self.sealedCAKey = sealedCAKey
        self.serverCertificate = serverCertificate
        self.sealedServerKey = sealedServerKey
        self.isServerCertificateOperators = isServerCertificateOperators
        self.settings = settings
        self.freshnessSince = freshnessSince
        self.createdAt = createdAt
        self.dataKeyID = dataKeyID
        self.dataKeySince = dataKeySince
        self.caSince = caSince
        self.formerAuthority = formerAuthority
    }
}

extension ClusterRecord {
    /// The CA that clients need for the certificate they see, as long as it is not an operator's own: in an overlap the former.
    package var shownAuthority: [UInt8] {
        guard let formerAuthority, serverCertificate.last == formerAuthority.certificate else { return caCertificate }
        return formerAuthority.certificate
    }
}

extension ClusterRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.string("id"),
            name: try reader.string("name"),
            issuer: try reader.string("issuer"),
            caCertificate: try reader.bytes("ca_certificate"),
            sealedCAKey: try reader.bytes("sealed_ca_key"),
            serverCertificate: try reader.bytesList("server_certificate"),
            sealedServerKey: try reader.bytes("sealed_server_key"),
            isServerCertificateOperators: try reader.optionalBool("is_server_certificate_operators") ?? false,
            settings: try reader.record("settings"),
            freshnessSince: try reader.index("freshness_since"),
            createdAt: try reader.integer("created_at"), dataKeyID: try reader.optionalBytes("data_key_id") ?? [],
            dataKeySince: try reader.optionalInteger("data_key_since"), caSince: try reader.optionalInteger("ca_since"),
            formerAuthority: try reader.optionalRecord("former_authority"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id)
        writer.string("name", name)
        writer.string("issuer", issuer)
        writer.bytes("ca_certificate", caCertificate)
        writer.bytes("sealed_ca_key", sealedCAKey)
        writer.bytesList("server_certificate", serverCertificate)
        writer.bytes("sealed_server_key", sealedServerKey)
        if isServerCertificateOperators { writer.bool("is_server_certificate_operators", true) }
        writer.record("settings", settings)
        writer.index("freshness_since", freshnessSince)
        writer.integer("created_at", createdAt)
        if !dataKeyID.isEmpty { writer.bytes("data_key_id", dataKeyID) }
        writer.integer("data_key_since", dataKeySince)
        writer.integer("ca_since", caSince)
        if let formerAuthority { writer.record("former_authority", formerAuthority) }
    }
}
