import Crypto
import TrustStore

/// The cluster's data key, held in memory by every member: seals what the replicated state must not
/// show and opens it again. Each seal names what it is for, so that one secret cannot be passed off as another.
final class KeyCustody: Sendable {
    enum Purpose {
        case signingKey(kid: String)
        case authorityKey
        case serverKey

        func associatedData(cluster: String) -> [UInt8] {
            let name =
                switch self {
                case .signingKey(let kid): "signing-key:\(kid)"
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

    /// The data key itself, for a joiner that has proved its secret.
    var shared: SecretBytes { dataKey }
}
