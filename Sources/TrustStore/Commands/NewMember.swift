import JOSE
package import Raft

/// A member as it presents itself when it founds or joins a cluster.
package struct NewMember: Sendable, Equatable {
    package var id: MemberID
    package var name: String
    package var addresses: [String]
    /// SPKI.
    package var publicKey: [UInt8]
    /// DER.
    package var certificate: [UInt8]
    package var featureLevel: Int64

    package init(
        id: MemberID, name: String, addresses: [String], publicKey: [UInt8], certificate: [UInt8],
        featureLevel: Int64 = TrustState.featureLevel
    ) {
        self.id = id
        self.name = name
        self.addresses = addresses
        self.publicKey = publicKey
        self.certificate = certificate
        self.featureLevel = featureLevel
    }

    func check() throws(CommandRefusal) {
        try Check.memberName(name)
        try Check.addresses(addresses, "member.addresses")
        try Check.blob(publicKey, "member.public_key")
        try Check.blob(certificate, "member.certificate")
        try Check.range(featureLevel, TrustState.firstFeatureLevel...StateLimits.featureLevelMax, "member.feature_level")
    }
}

extension NewMember: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.memberID("id"),
            name: try reader.string("name"),
            addresses: try reader.strings("addresses"),
            publicKey: try reader.bytes("public_key"),
            certificate: try reader.bytes("certificate"),
            featureLevel: try reader.integer("feature_level"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id.description)
        writer.string("name", name)
        writer.strings("addresses", addresses)
        writer.bytes("public_key", publicKey)
        writer.bytes("certificate", certificate)
        writer.integer("feature_level", featureLevel)
    }
}
