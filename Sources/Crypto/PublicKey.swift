internal import COpenSSL

/// A public key, checked once when it is made.
///
/// Safe to send: every stored property is immutable or guards itself.
package final class PublicKey: Sendable {
    /// The largest encoding accepted: that of an RSA key of 16,384 bits is about 2,100 bytes.
    package static let spkiBytesMax = 4096

    package let type: KeyType
    /// DER SubjectPublicKeyInfo, canonical: equal keys have equal bytes.
    package let spki: [UInt8]
    let handle: KeyHandle
    private let verifiers: VerifierPool

    /// Refuses points outside the curve, compressed points, curves given by parameters, trailing bytes, and
    /// everything else that would give one key two encodings; and RSA keys whose primes can be found.
    package init(spki: [UInt8]) throws(CryptoError) {
        guard spki.count <= Self.spkiBytesMax else { throw .malformed(.publicKey) }
        let handle: KeyHandle
        if let body = SubjectPublicKeyInfo.body(of: spki, after: SubjectPublicKeyInfo.p256Prefix) {
            handle = try KeyHandle(p256Point: [4] + body)
        } else if let body = SubjectPublicKeyInfo.body(of: spki, after: SubjectPublicKeyInfo.ed25519Prefix) {
            handle = try KeyHandle(ed25519: body)
        } else {
            handle = try KeyHandle(decoding: spki)
        }
        guard let type = handle.type() else { throw .unsupported(.publicKey) }
        guard handle.isPointOnCurve(type) else { throw .malformed(.publicKey) }
        if case .rsa = type {
            guard let numbers = handle.rsaNumbers(), SubjectPublicKeyInfo.isUsable(exponent: numbers.exponent) else {
                throw .malformed(.publicKey)
            }
            guard !ROCA.isLikely(numbers.modulus) else { throw .weak(.publicKey) }
        }
        self.type = type
        self.spki = spki
        self.handle = handle
        verifiers = VerifierPool(key: handle)
    }

    /// Coordinates of the curve's length each, big-endian, of a point on it.
    package convenience init(_ curve: KeyType, x: [UInt8], y: [UInt8]) throws(CryptoError) {
        guard let prefix = SubjectPublicKeyInfo.prefix(of: curve), let count = curve.coordinateByteCount,
            x.count == count, y.count == count
        else { throw .malformed(.publicKey) }
        try self.init(spki: prefix + x + y)
    }

    /// Big-endian, without leading zeros (RFC 7518 §6.3.1); of a length that signatures are checked with here.
    package convenience init(rsaModulus modulus: [UInt8], exponent: [UInt8]) throws(CryptoError) {
        guard let spki = SubjectPublicKeyInfo.rsa(modulus: modulus, exponent: exponent) else { throw .malformed(.publicKey) }
        try self.init(spki: spki)
    }

    /// The 32 bytes of RFC 8032 §5.1.2.
    package convenience init(ed25519 raw: [UInt8]) throws(CryptoError) {
        guard raw.count == 32 else { throw .malformed(.publicKey) }
        try self.init(spki: SubjectPublicKeyInfo.ed25519Prefix + raw)
    }

    /// Affine coordinates of an elliptic-curve key, each of the curve's length; nil for other kinds.
    package var coordinates: (x: [UInt8], y: [UInt8])? {
        guard let count = type.coordinateByteCount else { return nil }
        return (Array(spki.suffix(2 * count).prefix(count)), Array(spki.suffix(count)))
    }

    /// The 32 bytes of an Ed25519 key; nil for other kinds.
    package var ed25519Bytes: [UInt8]? {
        type == .ed25519 ? Array(spki.suffix(32)) : nil
    }

    /// Modulus and public exponent of an RSA key, big-endian, without leading zeros; nil for other kinds.
    package var rsaNumbers: (modulus: [UInt8], exponent: [UInt8])? {
        guard case .rsa = type else { return nil }
        return handle.rsaNumbers()
    }

    /// False too for a signature of the wrong length and for a key of another type than the algorithm's.
    package func isValidSignature(
        _ signature: Span<UInt8>, for message: Span<UInt8>, algorithm: SignatureAlgorithm
    ) -> Bool {
        guard signature.count == algorithm.signatureByteCount(for: type) else { return false }
        return verifiers.verify(signature, message, algorithm)
    }

    package func isValidSignature(_ signature: [UInt8], for message: [UInt8], algorithm: SignatureAlgorithm) -> Bool {
        isValidSignature(signature.span, for: message.span, algorithm: algorithm)
    }

    /// An EVP_PKEY reference that is valid during `body`; `TLS` needs it.
    package func withHandle<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        unsafe body(handle.pointer)
    }
}

extension PublicKey: Equatable {
    package static func == (first: PublicKey, second: PublicKey) -> Bool { first.spki == second.spki }
}
