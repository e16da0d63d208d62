package import Crypto

/// A key together with the only algorithm it is ever used with. Verification takes no algorithm from
/// the token: whoever writes `HS256` over a public key meets a key that is not an HMAC key.
package struct JWSVerificationKey: Sendable {
    /// RFC 7518 §3.2.
    package static let secretByteCountMin = 32

    private enum Material: Sendable {
        case publicKey(PublicKey, SignatureAlgorithm)
        case secret(SecretBytes)
    }

    package let algorithm: JWSAlgorithm
    private let material: Material

    package init(_ key: PublicKey) throws(JWKError) {
        switch key.type {
        case .p256:
            algorithm = .es256
            material = .publicKey(key, .ecdsaP256SHA256)
        case .ed25519:
            algorithm = .edDSA
            material = .publicKey(key, .ed25519)
        default: throw .unsupported(member: "kty")
        }
    }

    package init(_ jwk: JWK) throws(JWKError) {
        try self.init(jwk.publicKey)
    }

    package init(hs256 secret: SecretBytes) throws(JWKError) {
        guard secret.count >= Self.secretByteCountMin else { throw .tooShort }
        algorithm = .hs256
        material = .secret(secret)
    }

    /// Nil for a symmetric key.
    package var publicKey: PublicKey? {
        if case .publicKey(let key, _) = material { key } else { nil }
    }

    /// A signature of the wrong length, or one that is zero, is false like any other that does not fit.
    package func isValidSignature(_ signature: Span<UInt8>, for message: Span<UInt8>) -> Bool {
        guard signature.count == algorithm.signatureByteCount else { return false }
        return switch material {
        case .publicKey(let key, let algorithm): key.isValidSignature(signature, for: message, algorithm: algorithm)
        case .secret(let secret): HMACSHA256.isValid(signature, for: message, key: secret)
        }
    }
}

extension JWSVerificationKey {
    /// Reads a key from a JWK that its owner gave us, symmetric ones (RFC 7518 §6.4) included.
    package init(importing json: JSON) throws(JWKError) {
        guard json["kty"] == "oct" else {
            try self.init(try JWK(json))
            return
        }
        let secret: [UInt8]
        let usage: JWKUsage
        do {
            var reader = try JSONObjectReader(json)
            usage = try JWKUsage(&reader)
            secret = try reader.base64URL("k", maxBytes: JWSCompact.bytesMax)
        } catch {
            throw .malformed(error)
        }
        try usage.check(allows: .hs256)
        try self.init(hs256: SecretBytes(secret))
    }
}
