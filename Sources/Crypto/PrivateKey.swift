internal import COpenSSL

/// A private key. Its bytes stay inside OpenSSL, which zeroes them when the key goes; `pkcs8()` is the only way out.
///
/// Safe to send: immutable, see `KeyHandle`.
package final class PrivateKey: Sendable {
    /// The largest PKCS #8 encoding accepted, in bytes.
    package static let pkcs8BytesMax = 16 << 10

    package let publicKey: PublicKey
    let handle: KeyHandle

    package var type: KeyType { publicKey.type }

    private init(_ handle: KeyHandle) throws(CryptoError) {
        publicKey = try PublicKey(spki: handle.subjectPublicKeyInfo())
        self.handle = handle
    }

    /// An RSA key takes some tenths of a second.
    package static func generate(_ type: KeyType) throws(CryptoError) -> PrivateKey {
        switch type {
        case .p256: return try generate("EC", curve: "prime256v1")
        case .p384: return try generate("EC", curve: "secp384r1")
        case .p521: return try generate("EC", curve: "secp521r1")
        case .ed25519: return try generate("ED25519")
        case .rsa(let bits):
            guard SignatureAlgorithm.rsaBits.contains(bits) else { throw .unsupported(.privateKey) }
            return try generate("RSA", bits: bits)
        }
    }

    private static func generate(_ algorithm: String, curve: String? = nil, bits: Int? = nil) throws(CryptoError) -> PrivateKey {
        OpenSSLErrorQueue.clear()
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, algorithm, nil) else {
            throw OpenSSLErrorQueue.drain("key generation")
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var pointer: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1,
            curve.map({ unsafe EVP_PKEY_CTX_set_group_name(context, $0) == 1 }) ?? true,
            bits.map({ unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, CInt($0)) == 1 }) ?? true,
            unsafe EVP_PKEY_generate(context, &pointer) == 1, let pointer = unsafe pointer
        else { throw OpenSSLErrorQueue.drain("key generation") }
        return try unsafe PrivateKey(KeyHandle(owning: pointer))
    }

    /// An unencrypted DER PrivateKeyInfo (RFC 5208) whose public half, if it names one, fits.
    package convenience init(pkcs8: SecretBytes) throws(CryptoError) {
        guard pkcs8.count <= Self.pkcs8BytesMax else { throw .malformed(.privateKey) }
        let information = unsafe pkcs8.withSpan { der in
            unsafe derDecoding(der, { unsafe d2i_PKCS8_PRIV_KEY_INFO(nil, $0, $1) }, free: { unsafe PKCS8_PRIV_KEY_INFO_free($0) })
        }
        guard let information = unsafe information else { throw .malformed(.privateKey) }
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(information) }
        guard let pointer = unsafe EVP_PKCS82PKEY(information) else {
            OpenSSLErrorQueue.clear()
            throw .malformed(.privateKey)
        }
        try unsafe self.init(checking: KeyHandle(owning: pointer))
    }

    /// Of a kind that is used here, and whose halves fit.
    convenience init(checking handle: KeyHandle) throws(CryptoError) {
        guard handle.type() != nil else { throw .unsupported(.privateKey) }
        guard Self.isConsistent(handle) else { throw .malformed(.privateKey) }
        try self.init(handle)
    }

    package func pkcs8() -> SecretBytes {
        guard let information = unsafe EVP_PKEY2PKCS8(handle.pointer) else {
            preconditionFailure("a loaded private key cannot be encoded: out of memory")
        }
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(information) }
        let count = Int(unsafe i2d_PKCS8_PRIV_KEY_INFO(information, nil))
        return unsafe SecretBytes(count: max(0, count)) { buffer in
            var cursor = unsafe buffer.bindMemory(to: UInt8.self).baseAddress
            let written = unsafe i2d_PKCS8_PRIV_KEY_INFO(information, &cursor)
            precondition(Int(written) == count, "a private key changed its length while it was encoded")
        }
    }

    /// The algorithm must be one of the key's type.
    package func sign(_ message: Span<UInt8>, algorithm: SignatureAlgorithm) throws(CryptoError) -> [UInt8] {
        guard let byteCount = algorithm.signatureByteCount(for: type) else { throw .unsupported(.privateKey) }
        OpenSSLErrorQueue.clear()
        guard let context = unsafe EVP_MD_CTX_new() else { throw OpenSSLErrorQueue.drain("signing") }
        defer { unsafe EVP_MD_CTX_free(context) }
        var parameters: OpaquePointer?
        guard unsafe EVP_DigestSignInit(context, &parameters, algorithm.hash?.fetched, nil, handle.pointer) == 1,
            let parameters = unsafe parameters, unsafe algorithm.settle(parameters)
        else {
            throw OpenSSLErrorQueue.drain("signing")
        }
        // DER is longer than r ‖ s by its headers and sign bytes.
        let signature = unsafe Self.sign(message, context, byteCountMax: byteCount + 16)
        guard !signature.isEmpty else { throw OpenSSLErrorQueue.drain("signing") }
        guard algorithm.isECDSA else { return signature }
        guard let raw = ECDSASignatureEncoding.raw(fromDER: signature.span, byteCount: byteCount) else {
            throw .library(operation: "signing", reason: "not a DER signature")
        }
        return raw
    }

    package func sign(_ message: [UInt8], algorithm: SignatureAlgorithm) throws(CryptoError) -> [UInt8] {
        try sign(message.span, algorithm: algorithm)
    }

    /// An EVP_PKEY reference that is valid during `body`; `TLS` needs it.
    package func withHandle<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        unsafe body(handle.pointer)
    }

    /// Empty on failure.
    private static func sign(_ message: Span<UInt8>, _ context: OpaquePointer, byteCountMax: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: byteCountMax) { signature, initialized in
            var count = signature.count
            let done = unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestSign(context, signature.baseAddress, &count, message.baseAddress, message.count) == 1
            }
            initialized = done ? count : 0
        }
    }

    private static func isConsistent(_ handle: KeyHandle) -> Bool {
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, handle.pointer, nil) else { return false }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        let consistent = unsafe EVP_PKEY_pairwise_check(context) == 1
        if !consistent { OpenSSLErrorQueue.clear() }
        return consistent
    }
}

extension PrivateKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "PrivateKey(redacted)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
