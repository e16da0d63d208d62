internal import HashTreeCollections
package import Crypto
package import JOSE
package import Raft
package import TrustStore

/// One signing key of the cluster, ready for use.
package struct TokenKey: Sendable {
    package let keyID: String
    /// The entry that stored the record this was made from.
    package let version: LogIndex
    package let verification: JWSVerificationKey
    /// Nil when the private half could not be unsealed here: then the key verifies and does not sign.
    package let signing: JWSSigningKey?

    package var algorithm: JWSAlgorithm { verification.algorithm }
}

/// The cluster's signing keys, and the imported ones, in the form that verifies and signs, made from the records of one state.
/// The records decide which key may do what; the ring only saves parsing and unsealing.
package struct KeyRing: Sendable {
    /// Shared, since a copy counts one more reference for each part of both.
    private final class Stored: Sendable {
        let record: SigningKeyRecord
        let key: TokenKey

        init(record: SigningKeyRecord, key: TokenKey) {
            self.record = record
            self.key = key
        }
    }

    private var keys: [String: Stored] = [:]
    /// By fingerprint.
    private var trusted: TreeDictionary<String, TrustedKey> = [:]
    /// In the order of their ids, so that every member tries them in the same one. Few, so that a list will do.
    private var imported: [ImportedTokenKey] = []

    /// Of the state it follows.
    package private(set) var authorities = AuthoritySet.empty

    package init() {}

    package var count: Int { keys.count }

    /// The key of a record, if the ring was made with this very version of it.
    func key(for record: SigningKeyRecord) -> TokenKey? { key(named: record.kid, version: record.version) }

    /// - Parameter version: of the record.
    func key(named kid: String, version: LogIndex) -> TokenKey? {
        guard let stored = keys[kid], stored.record.version == version else { return nil }
        return stored.key
    }

    /// The key of a trusted certificate, if the ring was made with this very version of its entry.
    func trustedKey(for record: TrustedCertificateRecord) -> TrustedKey? {
        guard let key = trusted[record.fingerprint], key.version == record.version else { return nil }
        return key
    }

    /// Brings the keys of some trusted certificates up to a new state, in time that does not depend on how many there are.
    package mutating func follow(certificates fingerprints: some Sequence<String>, in state: TrustState) {
        for fingerprint in fingerprints { trusted[fingerprint] = state.certificates[fingerprint].map(TrustedKey.init) }
    }

    /// The imported keys that the state has in these very versions.
    func importedKeys(in state: TrustState) -> [ImportedTokenKey] {
        imported.filter { state.importedKeys[$0.id]?.version == $0.version }
    }

    /// The ring of a whole state.
    package static func of(
        _ state: TrustState, unseal: (SigningKeyRecord) -> SecretBytes?, unsealImported: (ImportedKeyRecord) -> SecretBytes?
    ) -> KeyRing {
        var ring = KeyRing().updated(to: state, unseal: unseal, unsealImported: unsealImported)
        ring.follow(certificates: state.certificates.keys, in: state)
        ring.follow(authoritiesIn: state)
        return ring
    }

    /// Brings the authorities up to a new state.
    package mutating func follow(authoritiesIn state: TrustState) {
        authorities = AuthoritySet(state.authorities.values.map(\.self))
    }

    /// The ring with the signing and imported keys of a new state. Keys whose material did not change are taken over, so that nothing is
    /// unsealed again when a key only moves on in its life.
    ///
    /// - Parameter unseal: gives what `JWSSigningKey.secret()` gave when the record was made, or nil
    ///   if it cannot; the key is then left out (HMAC) or only verifies.
    /// - Parameter unsealImported: gives the secret as it was imported, or nil if it cannot; the key is then left out.
    package func updated(
        to state: TrustState, unseal: (SigningKeyRecord) -> SecretBytes?,
        unsealImported: (ImportedKeyRecord) -> SecretBytes?
    ) -> KeyRing {
        var ring = KeyRing()
        ring.trusted = trusted
        ring.authorities = authorities
        for record in state.signingKeys.values {
            let previous = keys[record.kid].flatMap { $0.record.hasSameMaterial(as: record) ? $0.key : nil }
            guard let key = previous.map({ $0.with(version: record.version) }) ?? TokenKey(record, unseal: unseal)
            else { continue }
            ring.keys[record.kid] = Stored(record: record, key: key)
        }
        for record in state.importedKeys.values.sorted(by: { $0.id < $1.id }) {
            let known = imported.first { $0.id == record.id && $0.version == record.version }
            let made = known ?? unsealImported(record).flatMap { ImportedTokenKey(record, secret: $0) }
            guard let made else { continue }
            ring.imported.append(made)
        }
        return ring
    }
}

extension TokenKey {
    /// Nil when the record's parts do not belong together: such a key vouches for nothing.
    fileprivate init?(_ record: SigningKeyRecord, unseal: (SigningKeyRecord) -> SecretBytes?) {
        let algorithm = record.algorithm.jws
        let secret = unseal(record)
        let signing = secret.flatMap { try? JWSSigningKey(algorithm, secret: $0, keyID: record.kid) }
        let verification: JWSVerificationKey? =
            if let spki = record.publicKey {
                (try? PublicKey(spki: spki)).flatMap { try? JWSVerificationKey($0, algorithm: algorithm) }
            } else {
                signing?.verificationKey
            }
        guard let verification, verification.algorithm == algorithm else { return nil }
        self.init(
            keyID: record.kid, version: record.version, verification: verification,
            // A private half of another key would sign what nobody can verify.
            signing: signing?.verificationKey.publicKey == verification.publicKey ? signing : nil)
    }

    fileprivate func with(version: LogIndex) -> TokenKey {
        TokenKey(keyID: keyID, version: version, verification: verification, signing: signing)
    }
}

extension SigningKeyRecord {
    fileprivate func hasSameMaterial(as other: SigningKeyRecord) -> Bool {
        algorithm == other.algorithm && publicKey == other.publicKey && sealedPrivateKey == other.sealedPrivateKey
    }
}

extension SigningKeyAlgorithm {
    package var jws: JWSAlgorithm {
        switch self {
        case .es256: .es256
        case .es384: .es384
        case .es512: .es512
        case .edDSA: .edDSA
        case .rs256: .rs256
        case .rs384: .rs384
        case .rs512: .rs512
        case .ps256: .ps256
        case .ps384: .ps384
        case .ps512: .ps512
        case .hs256: .hs256
        case .hs384: .hs384
        case .hs512: .hs512
        }
    }
}

extension JWSAlgorithm {
    /// Nil for an algorithm that the cluster verifies but does not sign with.
    package var signingKeyAlgorithm: SigningKeyAlgorithm? { SigningKeyAlgorithm(rawValue: rawValue) }
}
