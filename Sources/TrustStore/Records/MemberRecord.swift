import JOSE
package import Raft

/// One member of the cluster, as every other member knows it.
package struct MemberRecord: Sendable, Equatable {
    package var id: MemberID
    package var name: String
    /// `host:port`, the first one preferred.
    package var addresses: [String]
    /// SPKI. Members recognise each other by this key and by nothing else, so the expiry of a
    /// certificate never stops the log.
    package var publicKey: [UInt8]
    /// DER, signed by the cluster CA.
    package var certificate: [UInt8]
    package var joinedAt: Int64
    /// The newest command format this member's binary understands; see `TrustState.featureLevel`.
    package var featureLevel: Int64
    /// The entry that added the member; what a repeated join is answered with.
    package var joinedIndex: LogIndex
    /// The token it came with; nil for the founder. A second use of that token is told apart from
    /// a token that never was.
    package var joinTokenID: String?
    package var role: RoleWish
    /// An operator has asked for its removal, and the leader is about it.
    package var isLeaving: Bool
    /// For people.
    package var summary: String
    /// Incus' name for what fails together; nothing follows from it here.
    package var failureDomain: String
    /// The cluster's data key, sealed to the member's own; nil when none has replaced the one that it joined with.
    package var sealedDataKey: [UInt8]?
    /// Oldest first.
    package var formerCertificates: [FormerCertificateRecord]
    /// The entry that changed the record last.
    package var version: LogIndex

    package static let failureDomainDefault = "default"

    package init(
        id: MemberID, name: String, addresses: [String], publicKey: [UInt8], certificate: [UInt8],
        joinedAt: Int64, featureLevel: Int64, joinedIndex: LogIndex, joinTokenID: String?,
        role: RoleWish = .automatic, isLeaving: Bool = false, summary: String = "",
        failureDomain: String = failureDomainDefault, sealedDataKey: [UInt8]? = nil, formerCertificates: [FormerCertificateRecord] = [],
        version: LogIndex? = nil
    ) {
        self.id = id
        self.name = name
        self.addresses = addresses
        self.publicKey = publicKey
        self.certificate = certificate
        self.joinedAt = joinedAt
        self.featureLevel = featureLevel
        self.joinedIndex = joinedIndex
        self.joinTokenID = joinTokenID
        self.role = role
        self.isLeaving = isLeaving
        self.summary = summary
        self.failureDomain = failureDomain
        self.sealedDataKey = sealedDataKey
        self.formerCertificates = formerCertificates
        self.version = version ?? joinedIndex
    }
}

extension MemberRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.memberID("id"),
            name: try reader.string("name"),
            addresses: try reader.strings("addresses"),
            publicKey: try reader.bytes("public_key"),
            certificate: try reader.bytes("certificate"),
            joinedAt: try reader.integer("joined_at"),
            featureLevel: try reader.integer("feature_level"),
            joinedIndex: try reader.index("joined_index"),
            joinTokenID: try reader.optionalString("join_token_id"),
            role: try reader.optionalChoice("role") ?? .automatic,
            isLeaving: try reader.optionalBool("is_leaving") ?? false,
            summary: try reader.optionalString("summary") ?? "",
            failureDomain: try reader.optionalString("failure_domain") ?? Self.failureDomainDefault,
            sealedDataKey: try reader.optionalBytes("sealed_data_key"), formerCertificates: try reader.formerCertificates("former_certificates"),
            version: try reader.optionalIndex("version"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id.description)
        writer.string("name", name)
        writer.strings("addresses", addresses)
        writer.bytes("public_key", publicKey)
        writer.bytes("certificate", certificate)
        writer.integer("joined_at", joinedAt)
        writer.integer("feature_level", featureLevel)
        writer.index("joined_index", joinedIndex)
        writer.string("join_token_id", joinTokenID)
        if role != .automatic { writer.string("role", role.rawValue) }
        if isLeaving { writer.bool("is_leaving", true) }
        if !summary.isEmpty { writer.string("summary", summary) }
        if failureDomain != Self.failureDomainDefault { writer.string("failure_domain", failureDomain) }
        writer.bytes("sealed_data_key", sealedDataKey)
        writer.formerCertificates("former_certificates", formerCertificates)
        if version != joinedIndex { writer.index("version", version) }
    }
}
