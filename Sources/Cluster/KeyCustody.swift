import HashTreeCollections
import Crypto
import Tokens
import TrustStore

/// The cluster's data key, held in memory by every member: seals what the replicated state must not
/// show and opens it again. Each seal names what it is for, so that one secret cannot be passed off as another.
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

    private let dataKey: SecretBytes
    private let clusterID: String

    init(dataKey: SecretBytes, clusterID: String) {
        self.dataKey = dataKey
        self.clusterID = clusterID
    }

    func seal(_ secret: SecretBytes, for purpose: Purpose) throws(CryptoError) -> [UInt8] {
        try secret.withSpan { (bytes: Span<UInt8>) throws(CryptoError) -> [UInt8] in
            try AESGCM.seal(bytes, key: dataKey, associatedData: purpose.associatedData(cluster: clusterID))
        }
    }

    func open(_ sealed: [UInt8], for purpose: Purpose) throws(CryptoError) -> SecretBytes {
        try AESGCM.open(sealed, key: dataKey, associatedData: purpose.associatedData(cluster: clusterID))
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
    func importedKeyID(of secret: SecretBytes) -> String {
        let purpose = Array("credence/1/\(clusterID)/imported-key-id".utf8)
        // A key of its own: the data key itself only ever seals.
        let key = SecretBytes(HMAC(.sha256).authenticate(purpose, key: dataKey))
        let tag = secret.withSpan { HMAC(.sha256).authenticate($0, key: key) }
        return Hex.encode(Array(tag.prefix(Self.importedKeyIDByteCount)))
    }

    /// The data key itself, for a joiner that has proved its secret.
    var shared: SecretBytes { dataKey }
}
