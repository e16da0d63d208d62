internal import COpenSSL

/// How a signature is made. ECDSA signatures are r ‖ s, each of the curve's length (IEEE P1363; RFC 7518 §3.4);
/// OpenSSL's DER form stays inside this module.
package enum SignatureAlgorithm: Hashable, Sendable {
    case ecdsaP256SHA256
    case ecdsaP384SHA384
    case ed25519

    package var keyType: KeyType {
        switch self {
        case .ecdsaP256SHA256: .p256
        case .ecdsaP384SHA384: .p384
        case .ed25519: .ed25519
        }
    }

    package var signatureByteCount: Int {
        switch self {
        case .ecdsaP256SHA256, .ed25519: 64
        case .ecdsaP384SHA384: 96
        }
    }

    /// nil where the algorithm hashes by itself.
    var digest: OpaquePointer? {
        switch self {
        case .ecdsaP256SHA256: unsafe FetchedAlgorithms.shared.sha256
        case .ecdsaP384SHA384: unsafe FetchedAlgorithms.shared.sha384
        case .ed25519: nil
        }
    }
}
