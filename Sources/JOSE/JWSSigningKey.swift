package import Crypto

/// A key that signs with its one algorithm. Its clear form leaves it only through `secret()`, to be sealed.
package struct JWSSigningKey: Sendable {
    private enum Material: Sendable {
        case privateKey(PrivateKey, SignatureAlgorithm)
        case secret(SecretBytes)
    }

    package let verificationKey: JWSVerificationKey
    /// The RFC 7638 thumbprint. For HS256 it is a hash of the secret, which reveals no more about
    /// 256 random bits than any token signed with them (RFC 7638 §7).
    package let keyID: String
    private let material: Material

    package var algorithm: JWSAlgorithm { verificationKey.algorithm }

    package static func generate(_ algorithm: JWSAlgorithm) throws(JWSKeyError) -> JWSSigningKey {
        do {
            switch algorithm {
            case .es256: return try JWSSigningKey(PrivateKey.generate(.p256))
            case .edDSA: return try JWSSigningKey(PrivateKey.generate(.ed25519))
            case .hs256: return try JWSSigningKey(hs256: SecretBytes(count: JWSVerificationKey.secretByteCountMin))
            }
        } catch {
            throw .cannotGenerate
        }
    }

    /// - Parameter secret: what `secret()` gave: PKCS #8 for key pairs, the bare bytes for HS256.
    package init(_ algorithm: JWSAlgorithm, secret: SecretBytes) throws(JWSKeyError) {
        do {
            switch algorithm {
            case .es256, .edDSA: try self.init(PrivateKey(pkcs8: secret))
            case .hs256: try self.init(hs256: secret)
            }
        } catch {
            throw .unreadable
        }
        guard self.algorithm == algorithm else { throw .unreadable }
    }

    private init(_ key: PrivateKey) throws {
        verificationKey = try JWSVerificationKey(key.publicKey)
        keyID = try JWK(key.publicKey).thumbprint
        material = .privateKey(key, verificationKey.algorithm == .es256 ? .ecdsaP256SHA256 : .ed25519)
    }

    private init(hs256 secret: SecretBytes) throws {
        verificationKey = try JWSVerificationKey(hs256: secret)
        let encoded = secret.withSpan { Base64URL.encode($0) }
        keyID = JWK.thumbprint(of: ["k": .string(encoded), "kty": "oct"])
        material = .secret(secret)
    }

    package func secret() -> SecretBytes {
        switch material {
        case .secret(let secret): secret
        case .privateKey(let key, _): key.pkcs8()
        }
    }

    package func sign(_ message: Span<UInt8>) throws(JWSKeyError) -> [UInt8] {
        switch material {
        case .secret(let secret): return HMACSHA256.authenticate(message, key: secret)
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
