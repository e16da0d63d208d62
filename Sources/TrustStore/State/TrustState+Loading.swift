import HashTreeCollections
package import JOSE
import Raft

/// Why stored rows are no state of this version.
package enum StateLoadError: Error, Equatable, Sendable {
    case unknownCollection(String)
    case notJSON(collection: StateCollection, key: String, JSONError)
    case malformed(collection: StateCollection, key: String, JSONFieldError)
    /// The row lies under another key than its own.
    case misplaced(collection: StateCollection, key: String)
    case missingMeta
}

extension StateLoadError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownCollection(let name): "there is a collection \"\(name)\" that this binary does not know"
        case .notJSON(let collection, let key, let error): "\(collection.rawValue) \"\(key)\": \(error)"
        case .malformed(let collection, let key, let error): "\(collection.rawValue) \"\(key)\": \(error.message)"
        case .misplaced(let collection, let key): "\(collection.rawValue) \"\(key)\" holds the record of another key"
        case .missingMeta: "the row that says how far the state has come is missing"
        }
    }
}

/// Builds a state from its rows, one at a time and in any order.
package struct TrustStateLoader {
    private var state = TrustState()
    private var revokedTokens = RevocationTableLoader()
    private var rowsCount = 0
    private var hasMeta = false

    package init() {}

    package mutating func add(collection name: String, key: String, value: [UInt8]) throws(StateLoadError) {
        guard let collection = StateCollection(rawValue: name) else { throw .unknownCollection(name) }
        try add(collection, key: key.utf8.span, value: value.span)
    }

    /// - Parameter key: UTF-8, like the value.
    package mutating func add(_ collection: StateCollection, key: Span<UInt8>, value: Span<UInt8>) throws(StateLoadError) {
        rowsCount += 1
        if collection == .revokedTokens, revokedTokens.insert(key: key, value: value) { return }
        let key = String(decoding: key.indices.map { key[$0] }, as: UTF8.self)
        let json: JSON
        do throws(JSONError) { json = try JSON(trusting: value) } catch {
            throw .notJSON(collection: collection, key: key, error)
        }
        let keyFound: String
        do throws(JSONFieldError) { keyFound = try insert(json, into: collection) } catch {
            throw .malformed(collection: collection, key: key, error)
        }
        guard keyFound == key else { throw .misplaced(collection: collection, key: key) }
    }

    /// - Returns: the state; the empty one when there were no rows.
    package consuming func finish() throws(StateLoadError) -> TrustState {
        guard hasMeta || rowsCount == 0 else { throw .missingMeta }
        state.revokedTokens = revokedTokens.finish()
        return state
    }

    /// - Returns: the key that the record belongs under.
    private mutating func insert(_ json: JSON, into collection: StateCollection) throws(JSONFieldError) -> String {
        switch collection {
        case .meta:
            let meta = try MetaRecord(json: json)
            state.featureLevel = meta.featureLevel
            state.statusIndexesUsed = meta.statusIndexesUsed
            state.lastCommandIndex = meta.lastCommandIndex
            state.appliedAtMilliseconds = meta.appliedAtMilliseconds
            hasMeta = true
            return MetaRecord.key
        case .cluster:
            let record = try ClusterRecord(json: json)
            state.cluster = record
            return record.id
        case .members:
            let record = try MemberRecord(json: json)
            state.members[record.id] = record
            return record.id.description
        case .removedMembers:
            let record = try RemovedMemberRecord(json: json)
            state.removedMembers[record.id] = record
            return record.id.description
        case .joinTokens:
            let record = try JoinTokenRecord(json: json)
            state.joinTokens[record.id] = record
            return record.id
        case .signingKeys:
            let record = try SigningKeyRecord(json: json)
            state.signingKeys[record.kid] = record
            return record.kid
        case .revokedTokens:
            let record = try RevocationRecord(json: json)
            revokedTokens.insert(record)
            return record.tokenID
        case .broadRevocations:
            let record = try BroadRevocationRecord(json: json)
            state.broadRevocations[record.target.name] = record
            return record.target.name
        case .namedTokens:
            let record = try NamedTokenRecord(json: json)
            state.namedTokens[record.id] = record
            return record.id
        case .certificates:
            let record = try TrustedCertificateRecord(json: json)
            state.certificates[record.fingerprint] = record
            return record.fingerprint
        case .authorities:
            let record = try AuthorityRecord(json: json)
            state.authorities[record.fingerprint] = record
            return record.fingerprint
        case .revocationLists:
            let record = try RevocationListRecord(json: json)
            state.revocationLists[record.id] = record
            return record.id
        case .revokedSerials:
            let chunk = try RevokedSerialsRecord(json: json)
            state.revokedSerials[chunk.list, default: RevokedSerials()].insert(chunk)
            return chunk.key
        case .issuedCertificates:
            let record = try IssuedCertificateRecord(json: json)
            state.issuedCertificates[record.fingerprint] = record
            return record.fingerprint
        case .clusterList:
            state.clusterList = try ClusterListRecord(json: json)
            return ClusterListRecord.key
        case .addTokens:
            let record = try AddTokenRecord(json: json)
            state.addTokens[record.id] = record
            return record.id
        case .importedKeys:
            let record = try ImportedKeyRecord(json: json)
            state.importedKeys[record.id] = record
            return record.id
        case .requests:
            let record = try RequestRecord(json: json)
            state.requests.insert(record)
            return RequestWindow.rowKey(record.index)
        }
    }
}

extension TrustState {
    /// The state whose rows these are; see `TrustStateLoader`.
    package static func load(
        _ rows: some Sequence<(collection: String, key: String, value: [UInt8])>
    ) throws(StateLoadError) -> TrustState {
        var loader = TrustStateLoader()
        for row in rows { try loader.add(collection: row.collection, key: row.key, value: row.value) }
        return try loader.finish()
    }
}
