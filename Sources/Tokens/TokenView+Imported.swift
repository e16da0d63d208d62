internal import HashTreeCollections
internal import JOSE
internal import TrustStore

/// Tokens of Forest and Lotus nodes carry no `kid`. They are the only ones that are tried with keys they do not name, and
/// those keys are HS256 secrets which nobody publishes: no public key of the cluster can be taken for one.
extension TokenView {
    /// Whether a header is that of such a token. With a `kid`, or for another algorithm, a token is never tried with an
    /// imported key.
    static func isForImportedKeys(_ header: JOSEHeader) -> Bool {
        header.keyID == nil && header.algorithm == .hs256
    }

    /// The imported key that made a token's signature.
    ///
    /// Every candidate costs one HMAC, and `StateLimits.importedKeysMax` bounds how many there are.
    func importedKey(
        of signature: Span<UInt8>, over signed: Span<UInt8>
    ) throws(RejectionReason) -> ImportedTokenKey {
        let candidates = keys.importedKeys(in: state)
        for key in candidates where key.verification.isValidSignature(signature, for: signed) { return key }
        // A key that could not be unsealed here may be the one: then nothing is known about the signature.
        guard !candidates.isEmpty, candidates.count == state.importedKeys.count else { throw .unknownKey }
        throw .badSignature
    }
}
