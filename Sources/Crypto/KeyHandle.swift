internal import COpenSSL

/// Owns one reference to an `EVP_PKEY`.
///
/// Safe to send: the key is never changed after creation; OpenSSL counts references atomically and lets any
/// number of contexts, one per thread, use one key.
@safe final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over one reference.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe EVP_PKEY_free(pointer)
    }

    /// nil for a kind of key, a curve or a size that this program does not use.
    func type() -> KeyType? {
        switch unsafe EVP_PKEY_get_base_id(pointer) {
        case EVP_PKEY_ED25519: .ed25519
        case EVP_PKEY_RSA: .rsa(bits: Int(unsafe EVP_PKEY_get_bits(pointer)))
        case EVP_PKEY_EC: curve()
        default: nil
        }
    }

    private func curve() -> KeyType? {
        let name: String? = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { name in
            guard unsafe EVP_PKEY_get_group_name(pointer, name.baseAddress, name.count, nil) == 1,
                let text = name.baseAddress
            else { return nil }
            return unsafe String(cString: text)
        }
        return switch name {
        case "prime256v1": .p256
        case "secp384r1": .p384
        case "secp521r1": .p521
        default: nil
        }
    }

    /// The DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7); empty when OpenSSL cannot encode the key.
    func subjectPublicKeyInfo() -> [UInt8] {
        unsafe derEncoding { unsafe i2d_PUBKEY(pointer, $0) }
    }
}

extension KeyHandle {
    /// Of an RSA key.
    func rsaNumbers() -> (modulus: [UInt8], exponent: [UInt8])? {
        guard let modulus = number(OSSL_PKEY_PARAM_RSA_N), let exponent = number(OSSL_PKEY_PARAM_RSA_E) else { return nil }
        return (modulus, exponent)
    }

    private func number(_ name: String) -> [UInt8]? {
        var number: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(pointer, name, &number) == 1, let number = unsafe number else { return nil }
        defer { unsafe BN_free(number) }
        let count = (Int(unsafe BN_num_bits(number)) + 7) / 8
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            initialized = Int(unsafe BN_bn2bin(number, bytes.baseAddress))
        }
    }
}

/// The result of an `i2d` function, called once for the length and once for the bytes.
func derEncoding(
    _ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> CInt
) -> [UInt8] {
    let count = encode(nil)
    guard count > 0 else { return [] }
    return unsafe [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
        var cursor = buffer.baseAddress
        initialized = max(0, min(Int(unsafe encode(&cursor)), buffer.count))
    }
}

/// The result of a `d2i` function that must consume all of `der`, or nil.
func derDecoding<Object>(
    _ der: Span<UInt8>,
    _ decode: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> Object?,
    free: (Object) -> Void
) -> Object? {
    unsafe der.withUnsafeBufferPointer { der in
        var cursor = der.baseAddress
        guard let start = unsafe cursor, let object = unsafe decode(&cursor, der.count) else {
            OpenSSLErrorQueue.clear()
            return nil
        }
        guard unsafe cursor == start + der.count else {
            free(object)
            return nil
        }
        return object
    }
}
