internal import COpenSSL

/// The DER form of public keys (RFC 5280 §4.1.2.7; RFC 5480; RFC 8410).
enum SubjectPublicKeyInfo {
    /// SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING { 04 ‖ …, and then 64 bytes.
    static let p256Prefix: [UInt8] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ]
    /// SEQUENCE { SEQUENCE { id-ecPublicKey, secp384r1 }, BIT STRING { 04 ‖ …, and then 96 bytes.
    static let p384Prefix: [UInt8] = [
        0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
        0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04,
    ]
    /// SEQUENCE { SEQUENCE { id-ecPublicKey, secp521r1 }, BIT STRING { 04 ‖ …, and then 132 bytes.
    static let p521Prefix: [UInt8] = [
        0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
        0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00, 0x04,
    ]
    /// SEQUENCE { rsaEncryption, NULL }.
    static let rsaIdentifier: [UInt8] = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ]
    /// SEQUENCE { SEQUENCE { id-Ed25519 }, BIT STRING { …, and then 32 bytes.
    static let ed25519Prefix: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]

    static func prefix(of curve: KeyType) -> [UInt8]? {
        switch curve {
        case .p256: p256Prefix
        case .p384: p384Prefix
        case .p521: p521Prefix
        case .ed25519, .rsa: nil
        }
    }

    /// Nil for numbers with leading zeros, for an even or tiny exponent, and for a modulus of a length not used here.
    static func rsa(modulus: [UInt8], exponent: [UInt8]) -> [UInt8]? {
        guard let top = modulus.first, top != 0, isUsable(exponent: exponent) else { return nil }
        let bits = modulus.count * 8 - top.leadingZeroBitCount
        guard SignatureAlgorithm.rsaBits.contains(bits) else { return nil }
        let key = tagged(0x30, tagged(0x02, positive(modulus)) + tagged(0x02, positive(exponent)))
        return tagged(0x30, rsaIdentifier + tagged(0x03, [0] + key))
    }

    /// Odd, more than 1 (with which every message would be its own signature), and no longer than OpenSSL takes.
    static func isUsable(exponent: [UInt8]) -> Bool {
        guard let first = exponent.first, let last = exponent.last else { return false }
        return first != 0 && exponent.count <= 8 && last & 1 == 1 && exponent != [1]
    }

    static func positive(_ number: [UInt8]) -> [UInt8] { number[0] & 0x80 == 0 ? number : [0] + number }

    static func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        switch content.count {
        case 0..<0x80: [tag, UInt8(content.count)] + content
        case 0x80..<0x100: [tag, 0x81, UInt8(content.count)] + content
        default: [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
        }
    }

    /// What follows `prefix`, if that makes a whole encoding: the second byte is the length of all that comes after it.
    static func body(of spki: [UInt8], after prefix: [UInt8]) -> [UInt8]? {
        guard spki.starts(with: prefix), spki.count == Int(prefix[1]) + 2 else { return nil }
        return Array(spki[prefix.count...])
    }

    /// The only length of the kind's encoding with an uncompressed point; nil where lengths vary.
    static func byteCount(of type: KeyType) -> Int? {
        switch type {
        case .p256: 91
        case .p384: 120
        case .p521: 158
        case .ed25519: 44
        case .rsa: nil
        }
    }
}

/// The two kinds that nearly all keys here are of are made from their bytes: OpenSSL's general decoder and encoder take
/// about 300 µs, ten times as long.
extension KeyHandle {
    convenience init(ed25519 raw: [UInt8]) throws(CryptoError) {
        OpenSSLErrorQueue.clear()
        guard let pointer = unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, raw, raw.count) else {
            OpenSSLErrorQueue.clear()
            throw .malformed(.publicKey)
        }
        unsafe self.init(owning: pointer)
    }

    /// `point` is uncompressed: 04 ‖ x ‖ y.
    convenience init(p256Point point: [UInt8]) throws(CryptoError) {
        OpenSSLErrorQueue.clear()
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { throw OpenSSLErrorQueue.drain("public key") }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var group = Array("prime256v1".utf8CString)
        var point = point
        var pointer: OpaquePointer?
        let made = unsafe group.withUnsafeMutableBufferPointer { group in
            unsafe point.withUnsafeMutableBufferPointer { point in
                unsafe withUnsafeTemporaryAllocation(of: OSSL_PARAM.self, capacity: 3) { parameters in
                    unsafe cossl_ec_point_parameters(parameters.baseAddress, group.baseAddress, point.baseAddress, point.count)
                    return unsafe EVP_PKEY_fromdata_init(context) == 1
                        && EVP_PKEY_fromdata(context, &pointer, cossl_public_key_selection(), parameters.baseAddress) == 1
                }
            }
        }
        guard made, let pointer = unsafe pointer else {
            OpenSSLErrorQueue.clear()
            throw .malformed(.publicKey)
        }
        unsafe self.init(owning: pointer)
    }

    /// Any kind of key that OpenSSL knows, if `spki` is the one encoding of it.
    convenience init(decoding spki: [UInt8]) throws(CryptoError) {
        let decoded = unsafe derDecoding(spki.span, { unsafe d2i_PUBKEY(nil, $0, $1) }, free: { unsafe EVP_PKEY_free($0) })
        guard let pointer = unsafe decoded else { throw .malformed(.publicKey) }
        unsafe self.init(owning: pointer)
        guard let type = type() else { throw .unsupported(.publicKey) }
        guard subjectPublicKeyInfo() == spki, SubjectPublicKeyInfo.byteCount(of: type).map({ $0 == spki.count }) ?? true else {
            throw .malformed(.publicKey)
        }
    }

    /// True for kinds without a curve.
    func isPointOnCurve(_ type: KeyType) -> Bool {
        switch type {
        case .ed25519, .rsa: return true
        case .p256, .p384, .p521: break
        }
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil) else { return false }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        // The quick check suffices: these curves have cofactor 1, so every point but infinity has order n.
        let valid = unsafe EVP_PKEY_public_check_quick(context) == 1
        if !valid { OpenSSLErrorQueue.clear() }
        return valid
    }
}
