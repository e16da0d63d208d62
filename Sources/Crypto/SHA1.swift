internal import COpenSSL

/// SHA-1 (FIPS 180-4), for the handshake of RFC 6455 alone, where it only shows that a server speaks the protocol.
/// Collisions can be made at will: nothing may be trusted by it.
package enum SHA1 {
    package static let byteCount = 20

    /// Nil when this OpenSSL offers none.
    package static func hash(_ message: [UInt8]) -> [UInt8]? {
        guard let algorithm = unsafe EVP_MD_fetch(nil, "SHA1", nil) else {
            ERR_clear_error()
            return nil
        }
        defer { unsafe EVP_MD_free(algorithm) }
        return unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initialized in
            unsafe SHA256.digest(message.span, with: algorithm, into: buffer)
            initialized = byteCount
        }
    }
}
