import JOSE
package import Raft

/// A member that was removed, remembered for as long as its certificate would hold: its key is told so when it comes back,
/// and the cluster's CRL names its certificate.
package struct RemovedMemberRecord: Sendable, Equatable {
    package var id: MemberID
    package var name: String
    /// SPKI.
    package var publicKey: [UInt8]
    /// DER.
    package var certificate: [UInt8]
    package var removedAt: Int64
    /// When the record may be forgotten.
    package var keepUntil: Int64
    /// The entry that removed it.
    package var index: LogIndex
    package var formerCertificates: [FormerCertificateRecord] = []
    /// The cluster went on without it, where nobody could ask it (`RebuildCluster`).
    package var isLeftBehind = false
}

extension RemovedMemberRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.memberID("id"),
            name: try reader.string("name"),
            publicKey: try reader.bytes("public_key"),
            certificate: try reader.bytes("certificate"),
            removedAt: try reader.integer("removed_at"),
            keepUntil: try reader.integer("keep_until"),
            index: try reader.index("index"),
            formerCertificates: try reader.formerCertificates("former_certificates"),
            isLeftBehind: try reader.optionalBool("is_left_behind") ?? false)
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id.description)
        writer.string("name", name)
        writer.bytes("public_key", publicKey)
        writer.bytes("certificate", certificate)
        writer.integer("removed_at", removedAt)
        writer.integer("keep_until", keepUntil)
        writer.index("index", index)
        writer.formerCertificates("former_certificates", formerCertificates)
        if isLeftBehind { writer.bool("is_left_behind", true) }
    }
}
