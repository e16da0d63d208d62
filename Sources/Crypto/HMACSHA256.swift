internal import COpenSSL

/// HMAC with SHA-256 (RFC 2104).
package enum HMACSHA256 {
    package static let byteCount = SHA256.byteCount

    package static func authenticate(_ message: Span<UInt8>, key: SecretBytes) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initialized in
            unsafe compute(message, key: key, into: buffer)
            initialized = byteCount
        }
    }

    package static func authenticate(_ message: [UInt8], key: SecretBytes) -> [UInt8] {
        authenticate(message.span, key: key)
    }

    /// In constant time; a tag of another length than 32 bytes is not valid.
    package static func isValid(_ tag: Span<UInt8>, for message: Span<UInt8>, key: SecretBytes) -> Bool {
        guard tag.count == byteCount else { return false }
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: byteCount) { expected in
            unsafe compute(message, key: key, into: expected)
            return unsafe constantTimeEqual(tag, expected.span)
        }
    }

    package static func isValid(_ tag: [UInt8], for message: [UInt8], key: SecretBytes) -> Bool {
        isValid(tag.span, for: message.span, key: key)
    }

    private static func compute(_ message: Span<UInt8>, key: SecretBytes, into tag: UnsafeMutableBufferPointer<UInt8>) {
        let context = HMACContext()
        key.withSpan { key in context.start(key: key) }
        unsafe context.finish(message, into: tag)
    }
}

/// One computation. +1 from `EVP_MAC_CTX_dup`, returned in `deinit`.
@safe private struct HMACContext: ~Copyable {
    private let context: OpaquePointer

    /// Copies a context that already knows its digest, because naming the digest costs a search of the providers.
    init() {
        guard let context = unsafe EVP_MAC_CTX_dup(HMACTemplate.shared.context) else {
            preconditionFailure("HMAC failed: out of memory")
        }
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_MAC_CTX_free(context)
    }

    func start(key: Span<UInt8>) {
        let done = unsafe key.withUnsafeBufferPointer { key in
            // A null key means "keep the previous one" to OpenSSL, so an empty key needs an address too.
            var none: UInt8 = 0
            return key.isEmpty
                ? unsafe EVP_MAC_init(context, &none, 0, nil)
                : unsafe EVP_MAC_init(context, key.baseAddress, key.count, nil)
        }
        precondition(done == 1, "HMAC failed: out of memory")
    }

    func finish(_ message: Span<UInt8>, into tag: UnsafeMutableBufferPointer<UInt8>) {
        let done = unsafe message.withUnsafeBufferPointer { message in
            unsafe EVP_MAC_update(context, message.baseAddress, message.count) == 1
                && EVP_MAC_final(context, tag.baseAddress, nil, tag.count) == 1
        }
        precondition(done, "HMAC failed: out of memory")
    }
}

/// Safe to share: never changed after `init`, only copied.
@safe private final class HMACTemplate: @unchecked Sendable {
    static let shared = HMACTemplate()
    let context: OpaquePointer

    private init() {
        guard let context = unsafe EVP_MAC_CTX_new(FetchedAlgorithms.shared.hmac) else {
            preconditionFailure("HMAC failed: out of memory")
        }
        var digest: [CChar] = Array("SHA2-256".utf8CString)
        let done = unsafe digest.withUnsafeMutableBufferPointer { digest in
            unsafe cossl_mac_set_digest(context, digest.baseAddress)
        }
        precondition(done == 1, "HMAC failed: no SHA-256")
        unsafe self.context = context
    }
}
