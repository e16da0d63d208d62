internal import COpenSSL

/// How a signature is made. ECDSA signatures are r ‖ s, each of the curve's length (IEEE P1363; RFC 7518 §3.4);
/// OpenSSL's DER form stays inside this module. PSS has MGF1 with the same hash, and a salt as long as it (RFC 7518 §3.5).
package enum SignatureAlgorithm: Hashable, Sendable {
    case ecdsaP256SHA256
    case ecdsaP384SHA384
    case ecdsaP521SHA512
    case ed25519
    case rsaPKCS1(HashAlgorithm)
    case rsaPSS(HashAlgorithm)

    /// At least what RFC 7518 §3.3 demands; at most what still verifies in a fraction of a millisecond.
    package static let rsaBits = 2_048...8_192

    /// The length of each signature that a key of this type makes, in bytes; nil when the algorithm is not for it.
    package func signatureByteCount(for type: KeyType) -> Int? {
        switch (self, type) {
        case (.ecdsaP256SHA256, .p256), (.ed25519, .ed25519): 64
        case (.ecdsaP384SHA384, .p384): 96
        case (.ecdsaP521SHA512, .p521): 132
        case (.rsaPKCS1, .rsa(let bits)), (.rsaPSS, .rsa(let bits)): Self.rsaBits.contains(bits) ? (bits + 7) / 8 : nil
        default: nil
        }
    }

    /// nil where the algorithm hashes by itself.
    var hash: HashAlgorithm? {
        switch self {
        case .ecdsaP256SHA256: .sha256
        case .ecdsaP384SHA384: .sha384
        case .ecdsaP521SHA512: .sha512
        case .rsaPKCS1(let hash), .rsaPSS(let hash): hash
        case .ed25519: nil
        }
    }

    var isECDSA: Bool {
        switch self {
        case .ecdsaP256SHA256, .ecdsaP384SHA384, .ecdsaP521SHA512: true
        case .ed25519, .rsaPKCS1, .rsaPSS: false
        }
    }

    /// Settles what a context that is ready to sign or verify leaves open. False when OpenSSL refuses.
    func settle(_ context: OpaquePointer) -> Bool {
        switch self {
        case .ecdsaP256SHA256, .ecdsaP384SHA384, .ecdsaP521SHA512, .ed25519: return true
        case .rsaPKCS1: return unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1
        case .rsaPSS(let hash):
            return unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, CInt(hash.byteCount)) == 1
                && EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash.fetched) == 1
        }
    }
}
