internal import Crypto
internal import JOSE
internal import Raft
internal import TrustStore

/// An imported HS256 secret, ready for use.
struct ImportedTokenKey: Sendable {
    let id: String
    /// The entry that stored the record this was made from.
    let version: LogIndex
    let signing: JWSSigningKey

    var verification: JWSVerificationKey { signing.verificationKey }

    /// Nil for a secret that is too short for HS256: such a key vouches for nothing.
    init?(_ record: ImportedKeyRecord, secret: SecretBytes) {
        guard let signing = try? JWSSigningKey(.hs256, secret: secret) else { return nil }
        id = record.id
        version = record.version
        self.signing = signing
    }
}
