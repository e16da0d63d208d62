import JOSE
package import Raft

/// A new certificate for the key that a member has. By the leader, before the former one expires.
package struct RenewMemberCertificate: Sendable, Equatable {
    package var member: MemberID
    /// SPKI of the key that the certificate is for; another one by then refuses it.
    package var publicKey: [UInt8]
    /// DER.
    package var certificate: [UInt8]
    /// The one that it replaces; nil for one that has expired.
    package var former: FormerCertificateRecord?

    package init(_ member: MemberID, publicKey: [UInt8], certificate: [UInt8], former: FormerCertificateRecord? = nil) {
        self.member = member
        self.publicKey = publicKey
        self.certificate = certificate
        self.former = former
    }

    func check() throws(CommandRefusal) {
        try Check.blob(publicKey, "public_key")
        try Check.blob(certificate, "certificate")
        try former?.check()
    }
}

extension RenewMemberCertificate: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            try reader.memberID("member"), publicKey: try reader.bytes("public_key"), certificate: try reader.bytes("certificate"),
            former: try reader.optionalRecord("former"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("member", member.description)
        writer.bytes("public_key", publicKey)
        writer.bytes("certificate", certificate)
        if let former { writer.record("former", former) }
    }
}
