internal import HashTreeCollections
internal import JOSE
internal import TrustStore

extension TokenView {
    /// The key that a header names, if it may vouch now and for that algorithm. There is no default
    /// key: an absent or unknown `kid` is nobody's. (A token without one is `importedKey`'s to judge.)
    func key(
        named keyID: String?, for algorithm: JWSAlgorithm, at now: Int64
    ) throws(RejectionReason) -> TokenKey {
        guard let keyID, let life = signingKeyLife(named: keyID) else { throw .unknownKey }
        guard !life.isRetired(at: now) else { throw .keyRetired }
        guard let key = keys.key(named: keyID, version: life.version) else { throw .unknownKey }
        guard key.algorithm == algorithm else { throw .algorithmMismatch }
        return key
    }

    /// Whether the key by this id still vouches, of whichever kind it is.
    func isInForce(keyNamed id: String, at now: Int64) -> Bool {
        if let record = state.signingKeys[id] { return !record.isRetired(at: now) }
        return state.certificates[id]?.type == .client || state.importedKeys[id] != nil
    }

    /// Why what was made from a token that a certificate's key signed is refused with it; nil for keys of other kinds.
    func refusal(ofSigner id: String, at now: Int64) -> RejectionReason? {
        guard let record = state.certificates[id] else { return nil }
        guard let opened = keys.trustedKey(for: record)?.open() else { return .unknownCertificate }
        return opened.validity.contains(now) ? nil : .certificateExpired
    }

    /// Whether a key is that of a certificate which now permits nothing (`CertificateToken.scopes`).
    func isRestricted(signer id: String) -> Bool { state.certificates[id]?.isRestricted ?? false }

    /// Whether a signature checked earlier still counts: the key is stored as it was then and still
    /// vouches. When not, the token goes through the whole check, which finds the reason.
    func isCurrent(_ token: VerifiedToken, at now: Int64) -> Bool {
        switch token.method {
        case .cluster:
            return isLive(keyNamed: token.keyID, version: token.keyVersion, at: now)
        case .imported:
            return state.importedKeys[token.keyID]?.version == token.keyVersion
        case .certificate:
            // A key that was imported since under the token's `kid` is whose signature it must carry now.
            guard token.strangeKeyID.map({ signingKeyLife(named: $0) == nil }) ?? true else { return false }
            return state.certificates[token.keyID]?.version == token.keyVersion
        }
    }
}
