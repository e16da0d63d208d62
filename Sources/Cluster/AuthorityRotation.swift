import Crypto
import HashTreeCollections
import TrustStore

/// A new CA of the cluster, and the end of the former one (docs/decisions/0023).
struct AuthorityRotation {
    let state: TrustState
    let custody: KeyCustody
    /// Unix seconds.
    let time: Int64

    private static let suffixBytes = 2

    /// Nil before the cluster is known here.
    func begin(overlapSeconds: Int64) throws(CryptoError) -> RotateAuthority? {
        guard let cluster = state.cluster else { return nil }
        let key = try PrivateKey.generate(.p256)
        let suffix = " " + Hex.encode(SecureRandom.bytes(Self.suffixBytes))
        let authority = try Founding.makeAuthority(key, clusterID: cluster.id, suffix: suffix, now: time)
        return RotateAuthority(
            certificate: authority.der, sealedKey: try custody.seal(key.pkcs8(), for: .authorityKey), former: cluster.caCertificate,
            overlapSeconds: overlapSeconds, fingerprint: authority.fingerprint)
    }

    /// What clients see keeps its key and its names; an operator's own certificate stays as it is. Nil when no overlap is
    /// under way.
    func end() throws(CryptoError) -> EndAuthorityOverlap? {
        guard let cluster = state.cluster, let former = cluster.formerAuthority, let shown = cluster.serverCertificate.first else { return nil }
        guard cluster.shownAuthority == former.certificate, !cluster.isServerCertificateOperators else {
            return EndAuthorityOverlap(former: former.certificate, shown: shown, chain: nil)
        }
        let leaf = try Certificate(der: shown)
        let authority = try Certificate(der: cluster.caCertificate)
        let key = try PrivateKey(pkcs8: custody.open(cluster.sealedCAKey, for: .authorityKey))
        var names = Founding.ServerNames(of: leaf)
        names.add(Founding.ServerNames(advertise: state.members.values.sorted { $0.name < $1.name }.flatMap(\.addresses)))
        let next = try Founding.makeServerCertificate(
            leaf.publicKey, named: names, authority: authority, key, now: time, notBefore: min(leaf.notBeforeAt, time))
        return EndAuthorityOverlap(former: former.certificate, shown: shown, chain: [next.der, authority.der])
    }
}
