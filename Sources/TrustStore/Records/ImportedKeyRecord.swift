import JOSE
package import Raft

/// Where an imported key comes from.
package enum ImportedKeyOrigin: String, Sendable, Hashable, CaseIterable {
    case forest, lotus, jwk
    /// Made by the cluster itself, for the tokens that it makes as a Forest or Lotus node would. There is one at most.
    case cluster
}

/// An HS256 secret of another program, kept so that the tokens which that program made are accepted here. Such tokens
/// name no key, so each is tried with every one of these: `StateLimits.importedKeysMax` is small.
package struct ImportedKeyRecord: Sendable, Equatable {
    /// Chosen by the proposer so that the same secret always gets the same id, and nobody can guess a secret from it.
    package var id: String
    package var origin: ImportedKeyOrigin
    /// Free text: which node it was.
    package var name: String?
    /// Sealed under the cluster's data key; opaque here.
    package var sealedSecret: [UInt8]
    package var createdAt: Int64
    package var createdBy: String
    /// The entry that stored this record; see `SigningKeyRecord.version`.
    package var version: LogIndex

    package init(
        id: String, origin: ImportedKeyOrigin, name: String?, sealedSecret: [UInt8], createdAt: Int64, createdBy: String,
        version: LogIndex
    ) {
        self.id = id
        self.origin = origin
        self.name = name
        self.sealedSecret = sealedSecret
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.version = version
    }
}

extension ImportedKeyRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            id: try reader.string("id"),
            origin: try reader.choice("origin"),
            name: try reader.optionalString("name"),
            sealedSecret: try reader.bytes("sealed_secret"),
            createdAt: try reader.integer("created_at"),
            createdBy: try reader.string("created_by"),
            version: try reader.index("version"))
    }

    func write(to writer: inout RecordWriter) {
        writer.string("id", id)
        writer.string("origin", origin.rawValue)
        writer.string("name", name)
        writer.bytes("sealed_secret", sealedSecret)
        writer.integer("created_at", createdAt)
        writer.string("created_by", createdBy)
        writer.index("version", version)
    }
}
