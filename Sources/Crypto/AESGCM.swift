internal import COpenSSL

/// AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce per message. A key may seal 2^32 messages before
/// nonces risk meeting; nothing here seals more than a few per hour.
package enum AESGCM {
    package static let keyByteCount = 32
    package static let nonceByteCount = 12
    package static let tagByteCount = 16
    /// The largest plaintext, and the largest associated data, in bytes.
    package static let messageBytesMax = 64 << 20

    /// nonce (12) ‖ ciphertext ‖ tag (16).
    package static func seal(
        _ plaintext: Span<UInt8>, key: SecretBytes, associatedData: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try check(plaintext.count, associatedData.count, key)
        let nonce = SecureRandom.bytes(nonceByteCount)
        var sealed = [UInt8](repeating: 0, count: nonceByteCount + plaintext.count + tagByteCount)
        for index in nonce.indices { sealed[index] = nonce[index] }
        let context = AEADContext()
        let done = unsafe sealed.withUnsafeMutableBufferPointer { output in
            unsafe context.start(.seal, key: key, nonce: nonce.span)
                && context.authenticate(associatedData.span)
                && context.transform(plaintext, into: UnsafeMutableBufferPointer(rebasing: output.dropFirst(nonceByteCount)))
                && context.writeTag(into: UnsafeMutableBufferPointer(rebasing: output.suffix(tagByteCount)))
        }
        guard done else { throw OpenSSLErrorQueue.drain("AES-256-GCM seal") }
        return sealed
    }

    /// The plaintext of what `seal` made with the same key and associated data; otherwise `authenticationFailed`.
    package static func open(
        _ sealed: [UInt8], key: SecretBytes, associatedData: [UInt8]
    ) throws(CryptoError) -> SecretBytes {
        guard sealed.count >= nonceByteCount + tagByteCount else { throw .malformed(.sealedMessage) }
        let plaintextCount = sealed.count - nonceByteCount - tagByteCount
        try check(plaintextCount, associatedData.count, key)
        let nonce = sealed.span.extracting(first: nonceByteCount)
        let ciphertext = sealed.span.extracting(nonceByteCount..<nonceByteCount + plaintextCount)
        let tag = sealed.span.extracting(last: tagByteCount)
        let context = AEADContext()
        var done = false
        let plaintext = unsafe SecretBytes(count: plaintextCount) { output in
            done = unsafe context.start(.open, key: key, nonce: nonce)
                && context.authenticate(associatedData.span)
                && context.transform(ciphertext, into: output.bindMemory(to: UInt8.self))
                && context.checkTag(tag)
        }
        guard done else {
            OpenSSLErrorQueue.clear()
            throw .authenticationFailed
        }
        return plaintext
    }

    private static func check(_ plaintextCount: Int, _ associatedCount: Int, _ key: SecretBytes) throws(CryptoError) {
        guard key.count == keyByteCount else { throw .outOfBounds(.secretKey) }
        guard plaintextCount <= messageBytesMax, associatedCount <= messageBytesMax else {
            throw .outOfBounds(.sealedMessage)
        }
    }
}

/// One sealing or opening, in the order start, authenticate, transform, tag. +1 from `EVP_CIPHER_CTX_new`, returned in `deinit`.
@safe private struct AEADContext: ~Copyable {
    enum Direction { case seal, open }

    private let context: OpaquePointer

    init() {
        guard let context = unsafe EVP_CIPHER_CTX_new() else { preconditionFailure("AES-256-GCM failed: out of memory") }
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(context)
    }

    func start(_ direction: Direction, key: SecretBytes, nonce: Span<UInt8>) -> Bool {
        OpenSSLErrorQueue.clear()
        return key.withSpan { key in
            unsafe key.withUnsafeBufferPointer { key in
                unsafe nonce.withUnsafeBufferPointer { nonce in
                    unsafe EVP_CipherInit_ex2(
                        context, FetchedAlgorithms.shared.aes256GCM, key.baseAddress, nonce.baseAddress,
                        direction == .seal ? 1 : 0, nil) == 1
                }
            }
        }
    }

    func authenticate(_ data: Span<UInt8>) -> Bool {
        unsafe update(data, into: nil)
    }

    /// `output` must be at least as long as `input`.
    func transform(_ input: Span<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        precondition(output.count >= input.count)
        return unsafe update(input, into: output.baseAddress)
    }

    func writeTag(into tag: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        unsafe finish() && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CInt(tag.count), tag.baseAddress) == 1
    }

    /// Nothing that `transform` wrote may be used unless this is true.
    func checkTag(_ tag: Span<UInt8>) -> Bool {
        unsafe tag.withUnsafeBytes { tag in
            // OpenSSL only reads the tag; the parameter is not const because the same call also fetches one.
            let address = unsafe UnsafeMutableRawPointer(mutating: tag.baseAddress)
            return unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CInt(tag.count), address) == 1
        } && finish()
    }

    private func update(_ input: Span<UInt8>, into output: UnsafeMutablePointer<UInt8>?) -> Bool {
        guard !input.isEmpty else { return true }
        return unsafe input.withUnsafeBufferPointer { input in
            var written: CInt = 0
            return unsafe EVP_CipherUpdate(context, output, &written, input.baseAddress, CInt(input.count)) == 1
                && Int(written) == input.count
        }
    }

    private func finish() -> Bool {
        // GCM writes nothing at the end; the buffer only satisfies the signature.
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { rest in
            var written: CInt = 0
            return unsafe EVP_CipherFinal_ex(context, rest.baseAddress, &written) == 1
        }
    }
}
