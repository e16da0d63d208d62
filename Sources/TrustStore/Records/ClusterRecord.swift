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

    package init(
        id: String, name: String, issuer: String,
        caCertificate: [UInt8], sealedCAKey: [UInt8],
        serverCertificate: [[UInt8]], sealedServerKey: [UInt8],
        isServerCertificateOperators: Bool = false, settings: ClusterSettings, freshnessSince: LogIndex = .zero, createdAt: Int64
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
            createdAt: try reader.integer("created_at"))
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
    }
}
