internal import COpenSSL
internal import Synchronization

/// Ready verification contexts of one public key. Making a context searches OpenSSL's providers and allocates
/// about twenty objects; reusing one brings a verification to the speed of the bare algorithm.
///
/// The lock is held only to take or return a pointer: request loops on several threads share the keys of one view.
@safe final class VerifierPool: Sendable {
    /// Contexts kept when idle. More threads than this at once make their own and throw them away.
    static let idleMax = 8

    private let key: KeyHandle
    private let idle = Mutex<[VerifierContext]>([])

    init(key: KeyHandle) {
        self.key = key
    }

    /// `signature` has the algorithm's length, and the key is of its type.
    func verify(_ signature: Span<UInt8>, _ message: Span<UInt8>, _ algorithm: SignatureAlgorithm) -> Bool {
        let reused = idle.withLock { idle in
            idle.lastIndex { $0.algorithm == algorithm }.map { idle.remove(at: $0) }
        }
        guard let context = reused ?? VerifierContext(key, algorithm) else {
            OpenSSLErrorQueue.clear()
            return false
        }
        let valid = context.verify(signature, message)
        if !valid { OpenSSLErrorQueue.clear() }
        idle.withLock { if $0.count < Self.idleMax { $0.append(context) } }
        return valid
    }
}

/// One context, prepared for one key and algorithm: an RSA key may be used with several.
///
/// Safe to send: the pool gives it to one thread at a time.
@safe private final class VerifierContext: @unchecked Sendable {
    @safe private enum Handle {
        /// ECDSA and RSA: takes the digest, which `by` makes. +1 from `EVP_PKEY_CTX_new_from_pkey` and `EVP_MD_CTX_new`, returned in
        /// `deinit`.
        case digest(OpaquePointer, by: OpaquePointer)
        /// EdDSA: takes the message. +1 from `EVP_MD_CTX_new`, returned in `deinit`.
        case message(OpaquePointer)
    }

    let algorithm: SignatureAlgorithm
    private let handle: Handle

    init?(_ key: KeyHandle, _ algorithm: SignatureAlgorithm) {
        self.algorithm = algorithm
        if let hash = algorithm.hash {
            guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil) else { return nil }
            guard let hashing = unsafe EVP_MD_CTX_new() else {
                unsafe EVP_PKEY_CTX_free(context)
                return nil
            }
            unsafe handle = .digest(context, by: hashing)
            guard unsafe EVP_PKEY_verify_init(context) == 1,
                // RSA names the hash inside the signature; ECDSA takes whatever digest it is given. Before the padding, which
                // would look for a hash of its own.
                unsafe algorithm.isECDSA || EVP_PKEY_CTX_set_signature_md(context, hash.fetched) == 1,
                unsafe algorithm.settle(context)
            else { return nil }
        } else {
            guard let context = unsafe EVP_MD_CTX_new() else { return nil }
            unsafe handle = .message(context)
            guard unsafe EVP_DigestVerifyInit(context, nil, nil, nil, key.pointer) == 1 else { return nil }
        }
    }

    deinit {
        switch handle {
        case .digest(let context, let hashing):
            unsafe EVP_PKEY_CTX_free(context)
            unsafe EVP_MD_CTX_free(hashing)
        case .message(let context): unsafe EVP_MD_CTX_free(context)
        }
    }

    func verify(_ signature: Span<UInt8>, _ message: Span<UInt8>) -> Bool {
        switch handle {
        case .digest(let context, let hashing):
            guard let hash = algorithm.hash else { return false }
            return unsafe Self.verify(context, hash, by: hashing, signature, message, isECDSA: algorithm.isECDSA)
        case .message(let context):
            return unsafe signature.withUnsafeBufferPointer { signature in
                unsafe message.withUnsafeBufferPointer { message in
                    unsafe EVP_DigestVerify(
                        context, signature.baseAddress, signature.count, message.baseAddress, message.count) == 1
                }
            }
        }
    }

    /// Digest and DER signature live on the stack.
    private static func verify(
        _ context: OpaquePointer, _ hash: HashAlgorithm, by hashing: OpaquePointer, _ signature: Span<UInt8>, _ message: Span<UInt8>,
        isECDSA: Bool
    ) -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { digest in
            let done = unsafe message.withUnsafeBytes { message in
                unsafe EVP_DigestInit_ex(hashing, hash.fetched, nil) == 1 && EVP_DigestUpdate(hashing, message.baseAddress, message.count) == 1
                    && EVP_DigestFinal_ex(hashing, digest.baseAddress, nil) == 1
            }
            guard done else { return false }
            guard isECDSA else {
                return unsafe signature.withUnsafeBufferPointer { signature in
                    unsafe EVP_PKEY_verify(context, signature.baseAddress, signature.count, digest.baseAddress, hash.byteCount) == 1
                }
            }
            return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ECDSASignatureEncoding.derBytesMax) { der in
                let derByteCount = unsafe ECDSASignatureEncoding.writeDER(signature, into: der)
                return unsafe EVP_PKEY_verify(context, der.baseAddress, derByteCount, digest.baseAddress, hash.byteCount) == 1
            }
        }
    }
}
