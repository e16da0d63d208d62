/// The kinds of public key that certificates and tokens bring. `PrivateKey.generate` makes P-256, P-384 and Ed25519 keys.
package enum KeyType: Hashable, Sendable {
    case p256
    case p384
    case p521
    case ed25519
    case rsa(bits: Int)
}
