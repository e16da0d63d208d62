import HashTreeCollections
import Crypto
import JOSE
import Raft
import Storage
import Synchronization
import Tokens
import TrustStore

/// The cluster's data key, held in memory by every member: seals what the replicated state must not
/// show and opens it again. Each seal names what it is for, so that one secret cannot be passed off as another.
///
/// The key can be rotated (docs/decisions/0022). What is sealed begins with the id of its key, which is empty for the first.
final class KeyCustody: Sendable {
    enum Purpose {
        case signingKey(kid: String)
        case importedKey(id: String)
        case authorityKey
        case serverKey

        func associatedData(cluster: String) -> [UInt8] {
            let name =
                switch self {
                case .signingKey(let kid): "signing-key:\(kid)"
                case .importedKey(let id): "imported-key:\(id)"
                case .authorityKey: "ca-key"
                case .serverKey: "server-key"
                }
            return Array("credence/1/\(cluster)/\(name)".utf8)
        }
    }

    struct DataKey: Sendable {
        let id: [UInt8]
        let bytes: SecretBytes
    }

    /// What the member's keystore holds: the key that the cluster had when the member came.
    private let kept: SecretBytes
    /// Written by the cluster loop when the state has another one. The one before is kept beside it: who took a view just
    /// before it was replaced opens what that view holds.
    private let keys: Mutex<(current: DataKey, former: DataKey?)>
    let clusterID: String

    convenience init(dataKey: SecretBytes, clusterID: String) {
        self.init(dataKey: dataKey, id: [], clusterID: clusterID)
    }

    init(dataKey: SecretBytes, id: [UInt8], clusterID: String) {
        kept = dataKey
        keys = Mutex((DataKey(id: id, bytes: dataKey), nil))
        self.clusterID = clusterID
    }

    var dataKey: DataKey { keys.withLock { $0.current } }

    func seal(_ secret: SecretBytes, for purpose: Purpose) throws(CryptoError) -> [UInt8] {
        let key = dataKey
        return try secret.withSpan { (bytes: Span<UInt8>) throws(CryptoError) -> [UInt8] in
            try key.id + AESGCM.seal(bytes, key: key.bytes, associatedData: purpose.associatedData(cluster: clusterID))
        }
    }

    func open(_ sealed: [UInt8], for purpose: Purpose) throws(CryptoError) -> SecretBytes {
        let (current, former) = keys.withLock { $0 }
        do throws(CryptoError) {
            return try open(sealed, for: purpose, under: current)
        } catch {
            guard let former else { throw error }
            return try open(sealed, for: purpose, under: former)
        }
    }

    private func open(_ sealed: [UInt8], for purpose: Purpose, under key: DataKey) throws(CryptoError) -> SecretBytes {
        guard sealed.starts(with: key.id) else { throw .authenticationFailed }
        return try AESGCM.open(Array(sealed.dropFirst(key.id.count)), key: key.bytes, associatedData: purpose.associatedData(cluster: clusterID))
    }

    func open(_ record: SigningKeyRecord) -> SecretBytes? {
        try? open(record.sealedPrivateKey, for: .signingKey(kid: record.kid))
    }

    func open(_ record: ImportedKeyRecord) -> SecretBytes? {
        try? open(record.sealedSecret, for: .importedKey(id: record.id))
    }

    /// Two secrets of one name are out of reach at 128 bits, whoever tries.
    private static let importedKeyIDByteCount = 16

    /// The ring of a whole state.
    func ring(of state: TrustState) -> KeyRing {
        KeyRing.of(state, unseal: { open($0) }, unsealImported: { open($0) })
    }

    func ring(_ ring: KeyRing, updatedTo state: TrustState) -> KeyRing {
        ring.updated(to: state, unseal: { open($0) }, unsealImported: { open($0) })
    }

    /// The name of an imported secret: the same for the same secret on every member, so that a second import is recognised
    /// by the log itself, whichever member it comes from. A plain hash would let whoever sees a list of keys try out
    /// guesses at a weak secret; this one is keyed by the data key, which only members have. In hexadecimal, because a name
    /// that starts with a hyphen is an option to a command line.
    ///
    /// - Parameter state: a secret that was imported under a former data key keeps its name.
    func importedKeyID(of secret: SecretBytes, in state: TrustState) -> String {
        if let known = state.importedKeys.values.first(where: { open($0) == secret }) { return known.id }
        // A key of its own: the data key itself only ever seals.
        let key = SecretBytes(tag("imported-key-id", dataKey.bytes))
        let tag = secret.withSpan { HMAC(.sha256).authenticate($0, key: key) }
        return Hex.encode(Array(tag.prefix(Self.importedKeyIDByteCount)))
    }

    private func tag(_ purpose: String, _ key: SecretBytes) -> [UInt8] {
        HMAC(.sha256).authenticate(Array("credence/1/\(clusterID)/\(purpose)".utf8), key: key)
    }

    /// The data key itself, for a joiner that has proved its secret.
    var shared: SecretBytes { dataKey.bytes }
}

// MARK: - Rotation

extension KeyCustody {
    /// Goes over to the data key of a state. Nothing is written: the member's keystore and its state together lead to the key
    /// after every start.
    ///
    /// - Returns: whether it is another one than before.
    /// - Throws: when it cannot be had from this state; the former one stays. So it is with a state that is older than the
    ///   member's last rotation, until the entries behind it are applied.
    func follow(_ state: TrustState, as member: MemberID, _ key: PrivateKey?) throws(CryptoError) -> Bool {
        guard let cluster = state.cluster, cluster.dataKeyID != dataKey.id else { return false }
        let next = try dataKey(of: cluster, state.members[member], key)
        keys.withLock { $0 = (DataKey(id: cluster.dataKeyID, bytes: next), $0.current) }
        return true
    }

    private func dataKey(of cluster: ClusterRecord, _ member: MemberRecord?, _ key: PrivateKey?) throws(CryptoError) -> SecretBytes {
        if cluster.dataKeyID.isEmpty || id(of: kept) == cluster.dataKeyID { return kept }
        guard let member, let key, let envelope = member.sealedDataKey else { throw .authenticationFailed }
        let opened = try KeyEnvelope.open(envelope, with: key, context: Self.envelopeContext(clusterID, member.id))
        guard id(of: opened) == cluster.dataKeyID else { throw .authenticationFailed }
        return opened
    }

    private func id(of key: SecretBytes) -> [UInt8] {
        Array(tag("data-key-id", key).prefix(RotateDataKey.idByteCount))
    }

    private static func envelopeContext(_ cluster: String, _ member: MemberID) -> [UInt8] {
        Array("credence/1/\(cluster)/data-key:\(member)".utf8)
    }

    /// A new data key, for exactly what a state holds. Takes some tenths of a millisecond for each member.
    ///
    /// - Parameter key: that state's. The one in use may be replaced meanwhile.
    /// - Throws: when something in the state cannot be opened; a member's key is `unsupported` on another curve than P-256.
    func rotation(of state: TrustState, from key: DataKey) throws(CryptoError) -> RotateDataKey? {
        guard let cluster = state.cluster, let serverCertificate = cluster.serverCertificate.first else { return nil }
        let bytes = SecretBytes(count: AESGCM.keyByteCount)
        let next = KeyCustody(dataKey: bytes, id: id(of: bytes), clusterID: clusterID)
        func resealed(_ sealed: [UInt8], _ purpose: Purpose) throws(CryptoError) -> [UInt8] { try next.seal(open(sealed, for: purpose, under: key), for: purpose) }
        func former() throws(CryptoError) -> [UInt8]? {
            guard let sealed = cluster.formerAuthority?.sealedKey else { return nil }
            return try resealed(sealed, .authorityKey)
        }
        var members: [RotateDataKey.Resealed] = []
        for member in state.members.values.sorted(by: { $0.id < $1.id }) {
            let envelope = try KeyEnvelope.seal(
                bytes, to: PublicKey(spki: member.publicKey), context: Self.envelopeContext(clusterID, member.id))
            members.append(RotateDataKey.Resealed(member.id.description, envelope))
        }
        var signingKeys: [RotateDataKey.Resealed] = []
        for key in state.signingKeys.values.sorted(by: { $0.kid < $1.kid }) {
            signingKeys.append(RotateDataKey.Resealed(key.kid, try resealed(key.sealedPrivateKey, .signingKey(kid: key.kid))))
        }
        var importedKeys: [RotateDataKey.Resealed] = []
        for key in state.importedKeys.values.sorted(by: { $0.id < $1.id }) {
            importedKeys.append(RotateDataKey.Resealed(key.id, try resealed(key.sealedSecret, .importedKey(id: key.id))))
        }
        return RotateDataKey(
            id: next.dataKey.id, formerID: cluster.dataKeyID, members: members, signingKeys: signingKeys, importedKeys: importedKeys,
            caCertificate: cluster.caCertificate, sealedCAKey: try resealed(cluster.sealedCAKey, .authorityKey),
            sealedFormerCAKey: try former(),
            serverCertificate: serverCertificate, sealedServerKey: try resealed(cluster.sealedServerKey, .serverKey))
    }

    /// For a backup that is sealed as the keystore is: the data key in use under the one in the keystore; nil while that is in use.
    func successorForBackup() throws(CryptoError) -> [UInt8]? {
        let key = dataKey
        guard key.bytes != kept else { return nil }
        return try key.bytes.withSpan { (bytes: Span<UInt8>) throws(CryptoError) -> [UInt8] in
            try AESGCM.seal(bytes, key: kept, associatedData: BackupKey.successorData(clusterID: clusterID))
        }
    }
}
