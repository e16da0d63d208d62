import Crypto
import Raft
import TLS

/// Who this member is, and the secrets by which it proves it. Made at the start, never changed.
final class MemberIdentity: Sendable {
    let id: MemberID
    let name: String
    let clusterID: String
    let certificate: Certificate
    let key: PrivateKey
    let custody: KeyCustody

    init(
        id: MemberID, name: String, clusterID: String, certificate: Certificate, key: PrivateKey, dataKey: SecretBytes
    ) {
        self.id = id
        self.name = name
        self.clusterID = clusterID
        self.certificate = certificate
        self.key = key
        custody = KeyCustody(dataKey: dataKey, clusterID: clusterID)
    }

    /// What it presents to other members.
    var tls: TLSIdentity { TLSIdentity(chain: [certificate], key: key) }
}
