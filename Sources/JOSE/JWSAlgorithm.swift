package import Crypto

/// The signature algorithms of RFC 7518 §3 and RFC 8037 that this build verifies, by their JOSE names.
/// A name that is not here, `none` in any spelling first of all, is unsupported: there is no default.
package enum JWSAlgorithm: String, Sendable, CaseIterable {
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case edDSA = "EdDSA"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"

    /// How a key pair is used; nil for the symmetric ones.
    package var signature: SignatureAlgorithm? {
        switch self {
        case .es256: .ecdsaP256SHA256
        case .es384: .ecdsaP384SHA384
        case .es512: .ecdsaP521SHA512
        case .edDSA: .ed25519
        case .rs256: .rsaPKCS1(.sha256)
        case .rs384: .rsaPKCS1(.sha384)
        case .rs512: .rsaPKCS1(.sha512)
        case .ps256: .rsaPSS(.sha256)
        case .ps384: .rsaPSS(.sha384)
        case .ps512: .rsaPSS(.sha512)
        case .hs256, .hs384, .hs512: nil
        }
    }

    /// Nil for those that use a key pair.
    package var hmac: HMAC? {
        switch self {
        case .hs256: HMAC(.sha256)
        case .hs384: HMAC(.sha384)
        case .hs512: HMAC(.sha512)
        default: nil
        }
    }

    /// True when whoever can verify can also sign, so that the key may never be published.
    package var isSymmetric: Bool { hmac != nil }

    /// The only algorithm of a kind of key; nil for RSA, whose owner must say which of six it is.
    package static func only(for type: KeyType) -> JWSAlgorithm? {
        switch type {
        case .p256: .es256
        case .p384: .es384
        case .p521: .es512
        case .ed25519: .edDSA
        case .rsa: nil
        }
    }

    package func fits(_ type: KeyType) -> Bool {
        signature?.signatureByteCount(for: type) != nil
    }
}
