internal import COpenSSL

/// Private keys as other programs write them down. What comes out is checked like every other: halves that do not fit are
/// no key.
extension PrivateKey {
    /// The scalar and both coordinates have the curve's length (RFC 7518 §6.2.2.1).
    package convenience init(_ curve: KeyType, scalar: [UInt8], x: [UInt8], y: [UInt8]) throws(CryptoError) {
        guard let identifier = PrivateKeyInfo.identifier(of: curve), let count = curve.coordinateByteCount,
            [scalar.count, x.count, y.count].allSatisfy({ $0 == count })
        else { throw .malformed(.privateKey) }
        let key = PrivateKeyInfo.ellipticKey(scalar: scalar, point: [4] + x + y)
        try self.init(pkcs8: SecretBytes(PrivateKeyInfo.encode(identifier, key: key)))
    }

    /// The 32 bytes of RFC 8032 §5.1.5, and those of the public key that goes with them.
    package convenience init(ed25519 seed: [UInt8], publicKey raw: [UInt8]) throws(CryptoError) {
        guard seed.count == 32 else { throw .malformed(.privateKey) }
        try self.init(
            pkcs8: SecretBytes(PrivateKeyInfo.encode(PrivateKeyInfo.ed25519Identifier, key: SubjectPublicKeyInfo.tagged(0x04, seed))))
        guard publicKey.ed25519Bytes == raw else { throw .malformed(.privateKey) }
    }

    /// Big-endian, without leading zeros (RFC 7518 §6.3.2).
    package struct RSANumbers {
        package var modulus, publicExponent, privateExponent: [UInt8]
        package var primes: [[UInt8]]
        /// d mod (p - 1), d mod (q - 1), and the inverse of q mod p.
        package var remainders: [[UInt8]]

        package init(modulus: [UInt8], publicExponent: [UInt8], privateExponent: [UInt8], primes: [[UInt8]], remainders: [[UInt8]]) {
            self.modulus = modulus
            self.publicExponent = publicExponent
            self.privateExponent = privateExponent
            self.primes = primes
            self.remainders = remainders
        }
    }

    package convenience init(_ numbers: RSANumbers) throws(CryptoError) {
        let all = [numbers.modulus, numbers.publicExponent, numbers.privateExponent] + numbers.primes + numbers.remainders
        guard numbers.primes.count == 2, numbers.remainders.count == 3, all.allSatisfy({ ($0.first ?? 0) != 0 }),
            SubjectPublicKeyInfo.rsa(modulus: numbers.modulus, exponent: numbers.publicExponent) != nil,
            all.allSatisfy({ $0.count <= numbers.modulus.count })
        else { throw .malformed(.privateKey) }
        let key = PrivateKeyInfo.rsaKey(all)
        try self.init(pkcs8: SecretBytes(PrivateKeyInfo.encode(SubjectPublicKeyInfo.rsaIdentifier, key: key)))
    }

    /// The one private key in a text: PKCS #8, or the older forms of RSA and of elliptic curves. An encrypted one is
    /// `unsupported`.
    package convenience init(pem: String) throws(CryptoError) {
        let keys = try PEM.decode(pem).filter { $0.label.hasSuffix("PRIVATE KEY") }
        guard keys.count == 1 else { throw .malformed(.pem) }
        guard keys[0].bytes.count <= Self.pkcs8BytesMax else { throw .malformed(.privateKey) }
        switch keys[0].label {
        case "PRIVATE KEY": try self.init(pkcs8: SecretBytes(keys[0].bytes))
        case "RSA PRIVATE KEY": try self.init(keys[0].bytes, kind: EVP_PKEY_RSA)
        case "EC PRIVATE KEY": try self.init(keys[0].bytes, kind: EVP_PKEY_EC)
        default: throw .unsupported(.privateKey)
        }
    }

    private convenience init(_ der: [UInt8], kind: CInt) throws(CryptoError) {
        let decoded = unsafe derDecoding(der.span, { unsafe d2i_PrivateKey(kind, nil, $0, $1) }, free: { unsafe EVP_PKEY_free($0) })
        guard let pointer = unsafe decoded else { throw .malformed(.privateKey) }
        try unsafe self.init(checking: KeyHandle(owning: pointer))
    }
}
