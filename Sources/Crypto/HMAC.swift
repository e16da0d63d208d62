internal import COpenSSL

/// HMAC (RFC 2104) with SHA-2.
package struct HMAC: Sendable {
    package let hash: HashAlgorithm

    package init(_ hash: HashAlgorithm) {
        self.hash = hash
    }

    /// Of a whole tag.
    package var byteCount: Int { hash.byteCount }

    package func authenticate(_ message: Span<UInt8>, key: SecretBytes) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initialized in
            unsafe compute(message, key: key, into: buffer)
            initialized = byteCount
        }
    }

    package func authenticate(_ message: [UInt8], key: SecretBytes) -> [UInt8] {
        authenticate(message.span, key: key)
    }

    /// In constant time; a tag of another length than the hash's is not valid.
    package func isValid(_ tag: Span<UInt8>, for message: Span<UInt8>, key: SecretBytes) -> Bool {
        guard tag.count == byteCount else { return false }
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: byteCount) { expected in
            unsafe compute(message, key: key, into: expected)
            return unsafe constantTimeEqual(tag, expected.span)
        }
    }

    package func isValid(_ tag: [UInt8], for message: [UInt8], key: SecretBytes) -> Bool {
        isValid(tag.span, for: message.span, key: key)
    }

    private func compute(_ message: Span<UInt8>, key: SecretBytes, into tag: UnsafeMutableBufferPointer<UInt8>) {
        let context = HMACContext(hash)
        key.withSpan { key in context.start(key: key) }
        unsafe context.finish(message, into: tag)
    }
}

/// One computation. +1 from `EVP_MAC_CTX_dup`, returned in `deinit`.
@safe private struct HMACContext: ~Copyable {
    private let context: OpaquePointer

    /// Copies a context that already knows its digest, because naming the digest costs a search of the providers.
    init(_ hash: HashAlgorithm) {
        guard let context = unsafe EVP_MAC_CTX_dup(HMACTemplate.of(hash).context) else {
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
    private static let sha256 = HMACTemplate(.sha256)
    private static let sha384 = HMACTemplate(.sha384)
    private static let sha512 = HMACTemplate(.sha512)
    let context: OpaquePointer

    static func of(_ hash: HashAlgorithm) -> HMACTemplate {
        switch hash {
        case .sha256: sha256
        case .sha384: sha384
        case .sha512: sha512
        }
    }

    private init(_ hash: HashAlgorithm) {
        guard let context = unsafe EVP_MAC_CTX_new(FetchedAlgorithms.shared.hmac) else {
            preconditionFailure("HMAC failed: out of memory")
        }
        var digest: [CChar] = Array(hash.name.utf8CString)
        let done = unsafe digest.withUnsafeMutableBufferPointer { digest in
            unsafe cossl_mac_set_digest(context, digest.baseAddress)
        }
        precondition(done == 1, "HMAC failed: no SHA-2")
        unsafe self.context = context
    }
}
