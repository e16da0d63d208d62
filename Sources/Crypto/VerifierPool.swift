internal import COpenSSL
internal import Synchronization

/// Verifies with one public key. Making a context searches OpenSSL's providers and allocates about twenty objects; those of
/// ECDSA and RSA are kept ready, which brings a verification to the speed of the bare algorithm.
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
        guard let hash = algorithm.hash else {
            let isValid = verifyMessage(signature, message)
            if !isValid { OpenSSLErrorQueue.clear() }
            return isValid
        }
        let reused = idle.withLock { idle in
            idle.lastIndex { $0.algorithm == algorithm }.map { idle.remove(at: $0) }
        }
        guard let context = reused ?? VerifierContext(key, algorithm, hash) else {
            OpenSSLErrorQueue.clear()
            return false
        }
        let outcome = context.verify(signature, message)
        if outcome != .valid { OpenSSLErrorQueue.clear() }
        // In what state a context is that failed is nobody's promise.
        if outcome != .failed { idle.withLock { if $0.count < Self.idleMax { $0.append(context) } } }
        return outcome == .valid
    }

    /// EdDSA takes the message, in a context that ends with it: from OpenSSL 3.2 on, a second message in the same one is an error.
    private func verifyMessage(_ signature: Span<UInt8>, _ message: Span<UInt8>) -> Bool {
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, nil, nil, key.pointer) == 1 else { return false }
        return unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestVerify(context, signature.baseAddress, signature.count, message.baseAddress, message.count) == 1
            }
        }
    }
}

/// One context of ECDSA or RSA, prepared for one key and algorithm: an RSA key may be used with several. It takes the digest
/// and may be asked again and again, as `EVP_PKEY_verify` promises.
///
/// Safe to send: the pool gives it to one thread at a time.
@safe private final class VerifierContext: @unchecked Sendable {
    /// `failed` is OpenSSL's own failure, which tells nothing of the signature.
    enum Outcome { case valid, invalid, failed }

    let algorithm: SignatureAlgorithm
    private let hash: HashAlgorithm
    /// +1 from `EVP_PKEY_CTX_new_from_pkey`, returned in `deinit`.
    private let context: OpaquePointer
    /// Makes the digest. +1 from `EVP_MD_CTX_new`, returned in `deinit`.
    private let hashing: OpaquePointer

    init?(_ key: KeyHandle, _ algorithm: SignatureAlgorithm, _ hash: HashAlgorithm) {
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil) else { return nil }
        guard let hashing = unsafe EVP_MD_CTX_new() else {
            unsafe EVP_PKEY_CTX_free(context)
            return nil
        }
        self.algorithm = algorithm
        self.hash = hash
        unsafe self.context = context
        unsafe self.hashing = hashing
        guard unsafe EVP_PKEY_verify_init(context) == 1,
            // RSA names the hash inside the signature; ECDSA takes whatever digest it is given. Before the padding, which
            // would look for a hash of its own.
            unsafe algorithm.isECDSA || EVP_PKEY_CTX_set_signature_md(context, hash.fetched) == 1,
            unsafe algorithm.settle(context)
        else { return nil }
    }

    deinit {
        unsafe EVP_PKEY_CTX_free(context)
        unsafe EVP_MD_CTX_free(hashing)
    }

    /// Digest and DER signature live on the stack.
    func verify(_ signature: Span<UInt8>, _ message: Span<UInt8>) -> Outcome {
        let (context, hashing, hash, isECDSA) = unsafe (context, hashing, hash, algorithm.isECDSA)
        let status: Int32? = unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { digest in
            let done = unsafe message.withUnsafeBytes { message in
                unsafe EVP_DigestInit_ex(hashing, hash.fetched, nil) == 1 && EVP_DigestUpdate(hashing, message.baseAddress, message.count) == 1
                    && EVP_DigestFinal_ex(hashing, digest.baseAddress, nil) == 1
            }
            guard done else { return nil }
            guard isECDSA else {
                return unsafe signature.withUnsafeBufferPointer { signature in
                    unsafe EVP_PKEY_verify(context, signature.baseAddress, signature.count, digest.baseAddress, hash.byteCount)
                }
            }
            return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ECDSASignatureEncoding.derBytesMax) { der in
                let derByteCount = unsafe ECDSASignatureEncoding.writeDER(signature, into: der)
                return unsafe EVP_PKEY_verify(context, der.baseAddress, derByteCount, digest.baseAddress, hash.byteCount)
            }
        }
        return switch status {
        case 1?: .valid
        case 0?: .invalid
        default: .failed
        }
    }
}
