import JOSE

/// The names under which the parts of the state are stored: one table each.
package enum StateCollection: String, Sendable, Hashable, CaseIterable {
    case meta
    case cluster
    case members
    case removedMembers = "removed_members"
    case joinTokens = "join_tokens"
    case signingKeys = "signing_keys"
    case revokedTokens = "revoked_tokens"
    case broadRevocations = "broad_revocations"
    case namedTokens = "named_tokens"
    case certificates
    case addTokens = "add_tokens"
    case importedKeys = "imported_keys"
    case authorities
    case revocationLists = "revocation_lists"
    case revokedSerials = "revoked_serials"
    case issuedCertificates = "issued_certificates"
    case clusterList = "cluster_list"
    case requests
}

/// One row to store (or, without a value, to remove). The value is JSON text.
package struct StateChange: Sendable, Equatable {
    package let collection: StateCollection
    package let key: String
    package let value: [UInt8]?

    package init(collection: StateCollection, key: String, value: [UInt8]?) {
        self.collection = collection
        self.key = key
        self.value = value
    }

    init(_ collection: StateCollection, _ key: String, _ record: (some RecordCodable)?) {
        self.init(collection: collection, key: key, value: record?.json.encoded())
    }
}
