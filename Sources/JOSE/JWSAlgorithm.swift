/// The signature algorithms of RFC 7518 §3 and RFC 8037 that this build verifies, by their JOSE names.
/// A name that is not here, `none` in any spelling first of all, is unsupported: there is no default.
package enum JWSAlgorithm: String, Sendable, CaseIterable {
    case es256 = "ES256"
    case edDSA = "EdDSA"
    case hs256 = "HS256"

    /// True when whoever can verify can also sign, so that the key may never be published.
    package var isSymmetric: Bool { self == .hs256 }

    /// The length of every signature of this algorithm, in bytes.
    package var signatureByteCount: Int {
        switch self {
        case .es256, .edDSA: 64
        case .hs256: 32
        }
    }
}
