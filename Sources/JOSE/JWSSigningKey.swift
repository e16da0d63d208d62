package import Crypto

/// A key that signs with its one algorithm. Its clear form leaves it only through `secret()`, to be sealed.
package struct JWSSigningKey: Sendable {
    private enum Material: Sendable {
        case privateKey(PrivateKey, SignatureAlgorithm)
        case secret(SecretBytes, HMAC)
    }

    package let verificationKey: JWSVerificationKey
    /// New RSA keys: what NIST SP 800-57 asks of keys that outlive 2030.
    package static let rsaBits = 3_072

    /// The RFC 7638 thumbprint, but for a key that was imported with a name of its own. For HMAC the thumbprint is a hash of
    /// the secret, which reveals no more about random bits than any token signed with them (RFC 7638 §7).
    package let keyID: String
    private let material: Material

    package var algorithm: JWSAlgorithm { verificationKey.algorithm }

    /// An RSA key takes some tenths of a second.
    package static func generate(_ algorithm: JWSAlgorithm, rsaBits: Int = rsaBits) throws(JWSKeyError) -> JWSSigningKey {
        do {
            if let hmac = algorithm.hmac { return try JWSSigningKey(SecretBytes(count: hmac.byteCount), algorithm) }
            let type: KeyType =
                switch algorithm {
                case .es256: .p256
                case .es384: .p384
                case .es512: .p521
                case .edDSA: .ed25519
                default: .rsa(bits: rsaBits)
                }
            return try JWSSigningKey(PrivateKey.generate(type), algorithm)
        } catch {
            throw .cannotGenerate
        }
    }

    /// - Parameter secret: what `secret()` gave: PKCS #8 for key pairs, the bare bytes for HMAC.
    /// - Parameter keyID: the thumbprint when nil.
    package init(_ algorithm: JWSAlgorithm, secret: SecretBytes, keyID: String? = nil) throws(JWSKeyError) {
        do {
            if algorithm.isSymmetric {
                try self.init(secret, algorithm, keyID: keyID)
            } else {
                try self.init(PrivateKey(pkcs8: secret), algorithm, keyID: keyID)
            }
        } catch {
            throw .unreadable
        }
    }

    init(_ key: PrivateKey, _ algorithm: JWSAlgorithm, keyID named: String? = nil) throws(JWKError) {
        guard let signature = algorithm.signature else { throw JWKError.unsupported(member: "alg") }
        verificationKey = try JWSVerificationKey(key.publicKey, algorithm: algorithm)
        let jwk = try JWK(key.publicKey, algorithm: algorithm)
        keyID = named ?? jwk.thumbprint
        material = .privateKey(key, signature)
    }

    init(_ secret: SecretBytes, _ algorithm: JWSAlgorithm, keyID named: String? = nil) throws(JWKError) {
        guard let hmac = algorithm.hmac else { throw JWKError.unsupported(member: "alg") }
        verificationKey = try JWSVerificationKey(secret: secret, algorithm: algorithm)
        let encoded = secret.withSpan { Base64URL.encode($0) }
        keyID = named ?? JWK.thumbprint(of: ["k": .string(encoded), "kty": "oct"])
        material = .secret(secret, hmac)
    }

    package func secret() -> SecretBytes {
        switch material {
        case .secret(let secret, _): secret
        case .privateKey(let key, _): key.pkcs8()
        }
    }

    package func sign(_ message: Span<UInt8>) throws(JWSKeyError) -> [UInt8] {
        switch material {
        case .secret(let secret, let hmac): return hmac.authenticate(message, key: secret)
        case .privateKey(let key, let algorithm):
            do {
                return try key.sign(message, algorithm: algorithm)
            } catch {
                throw .cannotSign
            }
        }
    }
}

package enum JWSKeyError: Error, Equatable, Sendable {
    case cannotGenerate, unreadable, cannotSign
}

extension JWSKeyError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotGenerate: "no key could be generated"
        case .unreadable: "the stored private key cannot be read"
        case .cannotSign: "the key could not sign"
        }
    }
}
