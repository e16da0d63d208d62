package import Crypto

/// How a client recognises the server it meant to reach. The server's possession of the private key is checked in
/// every case, and nothing of the client's own is sent before this says yes.
package enum PeerVerification: Sendable {
    /// The SHA-256 of the leaf's DER, in hex.
    case leafFingerprint(String)
    /// The leaf's SubjectPublicKeyInfo. Its validity period does not matter: members recognise each other by recorded
    /// keys, and one whose certificate has run out must still connect to renew it.
    case leafPublicKey(spki: [UInt8])
    /// The chain contains the authority with this SHA-256 (hex), which has issued the leaf, and issued it for a server: the
    /// same authority issues certificates for clients. `validAt`, in Unix seconds, also asks that both be valid then.
    case authority(sha256Hex: String, validAt: Int64? = nil)
    /// The chain as sent, leaf first, never empty.
    case custom(@Sendable ([Certificate]) -> Bool)

    /// `chain` is as the server sent it, leaf first.
    package func accepts(_ chain: [Certificate]) -> Bool {
        guard let leaf = chain.first else { return false }
        switch self {
        case .leafFingerprint(let fingerprint):
            return leaf.fingerprint == fingerprint.lowercased()
        case .leafPublicKey(let spki):
            return !spki.isEmpty && leaf.subjectPublicKeyInfo == spki
        case .authority(let fingerprint, let instant):
            let wanted = fingerprint.lowercased()
            guard let authority = chain.dropFirst().first(where: { $0.fingerprint == wanted }),
                leaf.isIssued(by: authority), leaf.mayServe
            else { return false }
            guard let instant else { return true }
            return leaf.isValid(at: instant) && authority.isValid(at: instant)
        case .custom(let judge):
            return judge(chain)
        }
    }
}
