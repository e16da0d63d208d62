internal import CSodium

/// Authenticated encryption of one byte or more, as NaCl's secretbox has it: the tag, then the ciphertext. For other programs' files; what
/// Credence seals, `AESGCM` seals.
package enum XSalsa20Poly1305 {
    package static let keyByteCount = 32
    package static let nonceByteCount = 24
    package static let tagByteCount = 16
    package static let messageBytesMax = 16 << 20

    package static func seal(
        _ message: Span<UInt8>, key: SecretBytes, nonce: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        let messageCount = message.count
        try check(key, nonce, messageCount: messageCount)
        Sodium.prepare()
        var sealed = [UInt8](repeating: 0, count: message.count + tagByteCount)
        let done = unsafe sealed.withUnsafeMutableBufferPointer { sealed in
            guard let sealed = sealed.baseAddress else { return false }
            return unsafe call(message, key, nonce) { message, key, nonce in
                unsafe crypto_secretbox_easy(sealed, message, UInt64(messageCount), nonce, key) == 0
            }
        }
        precondition(done, "secretbox failed: message too long")
        return sealed
    }

    /// Throws `authenticationFailed` unless the sealed message is, to the byte, what `key` and `nonce` made of something.
    package static func open(
        _ sealed: Span<UInt8>, key: SecretBytes, nonce: [UInt8]
    ) throws(CryptoError) -> SecretBytes {
        let sealedCount = sealed.count
        try check(key, nonce, messageCount: sealedCount - tagByteCount)
        Sodium.prepare()
        var done = false
        let message = unsafe SecretBytes(count: sealedCount - tagByteCount) { message in
            guard let message = unsafe message.bindMemory(to: UInt8.self).baseAddress else { return }
            unsafe done = call(sealed, key, nonce) { sealed, key, nonce in
                unsafe crypto_secretbox_open_easy(message, sealed, UInt64(sealedCount), nonce, key) == 0
            }
        }
        guard done else { throw .authenticationFailed }
        return message
    }

    private static func check(_ key: SecretBytes, _ nonce: [UInt8], messageCount: Int) throws(CryptoError) {
        guard key.count == keyByteCount else { throw .outOfBounds(.secretKey) }
        guard nonce.count == nonceByteCount, (1...messageBytesMax).contains(messageCount) else { throw .outOfBounds(.sealedMessage) }
    }

    private typealias Bytes = UnsafePointer<UInt8>

    /// False without a call when one of them is empty, which `check` has refused.
    private static func call(_ input: Span<UInt8>, _ key: SecretBytes, _ nonce: [UInt8], _ body: (Bytes, Bytes, Bytes) -> Bool) -> Bool {
        unsafe input.withUnsafeBufferPointer { input in
            key.withSpan { key in
                unsafe key.withUnsafeBufferPointer { key in
                    unsafe nonce.withUnsafeBufferPointer { nonce in
                        guard let input = input.baseAddress, let key = key.baseAddress, let nonce = nonce.baseAddress
                        else { return false }
                        return unsafe body(input, key, nonce)
                    }
                }
            }
        }
    }
}
