import Crypto
import Raft
import Synchronization
import TLS
import TrustStore

/// Who this member is, and the secrets by which it proves it. Made at the start; only the certificate is ever renewed.
final class MemberIdentity: Sendable {
    let id: MemberID
    let name: String
    let clusterID: String
    /// Written by the cluster loop when its record has a newer one, read by whoever opens a connection.
    private let currentCertificate: Mutex<Certificate>
    let key: PrivateKey
    let custody: KeyCustody

    init(
        id: MemberID, name: String, clusterID: String, certificate: Certificate, key: PrivateKey, dataKey: SecretBytes
    ) {
        self.id = id
        self.name = name
        self.clusterID = clusterID
        currentCertificate = Mutex(certificate)
        self.key = key
        custody = KeyCustody(dataKey: dataKey, clusterID: clusterID)
    }

    /// Whether the data key is another one now; see `KeyCustody.follow`.
    func followDataKey(of state: TrustState) throws(CryptoError) -> Bool {
        try custody.follow(state, as: id, key)
    }

    var certificate: Certificate { currentCertificate.withLock { $0 } }

    func adopt(_ certificate: Certificate) {
        currentCertificate.withLock { $0 = certificate }
    }

    /// What it presents to other members.
    var tls: TLSIdentity { TLSIdentity(chain: [certificate], key: key) }
}
