package import Crypto

/// A key together with the only algorithm it is ever used with. Verification takes no algorithm from
/// the token: whoever writes `HS256` over a public key meets a key that is not an HMAC key.
package struct JWSVerificationKey: Sendable {
    private enum Material: Sendable {
        case publicKey(PublicKey, SignatureAlgorithm)
        case secret(SecretBytes, HMAC)
    }

    package let algorithm: JWSAlgorithm
    /// The length of every signature that this key verifies, in bytes.
    package let signatureByteCount: Int
    private let material: Material

    /// - Parameter algorithm: nil where the kind of key leaves no choice.
    package init(_ key: PublicKey, algorithm named: JWSAlgorithm? = nil) throws(JWKError) {
        guard let algorithm = named ?? .only(for: key.type) else { throw .algorithmMissing }
        guard let signature = algorithm.signature, let byteCount = signature.signatureByteCount(for: key.type) else {
            throw .unsupported(member: named == nil ? "kty" : "alg")
        }
        self.algorithm = algorithm
        signatureByteCount = byteCount
        material = .publicKey(key, signature)
    }

    package init(_ jwk: JWK) throws(JWKError) {
        try self.init(jwk.publicKey, algorithm: jwk.algorithm)
    }

    /// RFC 7518 §3.2: a secret is at least as long as the hash.
    package init(secret: SecretBytes, algorithm: JWSAlgorithm) throws(JWKError) {
        guard let hmac = algorithm.hmac else { throw .unsupported(member: "alg") }
        guard secret.count >= hmac.byteCount else { throw .tooShort(byteCountMin: hmac.byteCount) }
        self.algorithm = algorithm
        signatureByteCount = hmac.byteCount
        material = .secret(secret, hmac)
    }

    /// Nil for a symmetric key.
    package var publicKey: PublicKey? {
        if case .publicKey(let key, _) = material { key } else { nil }
    }

    /// A signature of the wrong length, or one that is zero, is false like any other that does not fit.
    package func isValidSignature(_ signature: Span<UInt8>, for message: Span<UInt8>) -> Bool {
        guard signature.count == signatureByteCount else { return false }
        return switch material {
        case .publicKey(let key, let algorithm): key.isValidSignature(signature, for: message, algorithm: algorithm)
        case .secret(let secret, let hmac): hmac.isValid(signature, for: message, key: secret)
        }
    }
}

extension JWSVerificationKey {
    /// Reads a key from a JWK that its owner gave us, symmetric ones (RFC 7518 §6.4) included. A symmetric key that
    /// names no algorithm is for HS256.
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
        let algorithm = try usage.algorithm() ?? .hs256
        try usage.check(allows: algorithm)
        try self.init(secret: SecretBytes(secret), algorithm: algorithm)
    }
}
