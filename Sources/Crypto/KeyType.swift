/// The kinds of public key that certificates and tokens bring. 
package enum KeyType: Hashable, Sendable {
    case p256
    case p384
    case p521
    case ed25519
    case rsa(bits: Int)

    /// Of each coordinate of a point; nil for kinds that have none.
    package var coordinateByteCount: Int? {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        case .ed25519, .rsa: nil
        }
    }
}
