internal import COpenSSL

/// A secret for the holder of one P-256 key, from anybody: an ephemeral key agreement (ECIES, SEC 1 §5.1) with
/// HKDF-SHA-256 (RFC 5869) and AES-256-GCM.
package enum KeyEnvelope {
    /// What a secret of 32 bytes takes.
    package static let overheadBytes = spkiByteCount + AESGCM.nonceByteCount + AESGCM.tagByteCount
    /// Of an uncompressed point of P-256 in its SubjectPublicKeyInfo.
    private static let spkiByteCount = 91

    /// The ephemeral public key (SPKI, 91) ‖ what `AESGCM` sealed.
    ///
    /// - Parameter context: what the secret is for; opening must name the same.
    /// - Throws: `unsupported` for a recipient on another curve.
    package static func seal(_ secret: SecretBytes, to recipient: PublicKey, context: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard recipient.type == .p256 else { throw .unsupported(.publicKey) }
        let ephemeral = try PrivateKey.generate(.p256)
        let binding = binding(ephemeral.publicKey, recipient, context)
        let key = key(from: try ephemeral.agree(with: recipient), binding)
        let sealed = try secret.withSpan { (bytes: Span<UInt8>) throws(CryptoError) -> [UInt8] in
            try AESGCM.seal(bytes, key: key, associatedData: binding)
        }
        return ephemeral.publicKey.spki + sealed
    }

    /// - Throws: `authenticationFailed` for another recipient's envelope, another context, or damage.
    package static func open(_ envelope: [UInt8], with recipient: PrivateKey, context: [UInt8]) throws(CryptoError) -> SecretBytes {
        guard recipient.type == .p256 else { throw .unsupported(.privateKey) }
        guard envelope.count >= overheadBytes else { throw .malformed(.sealedMessage) }
        let ephemeral = try PublicKey(spki: Array(envelope.prefix(spkiByteCount)))
        guard ephemeral.type == .p256 else { throw .malformed(.sealedMessage) }
        let binding = binding(ephemeral, recipient.publicKey, context)
        let key = key(from: try recipient.agree(with: ephemeral), binding)
        return try AESGCM.open(Array(envelope.dropFirst(spkiByteCount)), key: key, associatedData: binding)
    }

    /// Both keys and the purpose, so that an envelope that is passed on to somebody else or for something else does not open.
    private static func binding(_ ephemeral: PublicKey, _ recipient: PublicKey, _ context: [UInt8]) -> [UInt8] {
        ephemeral.spki + recipient.spki + context
    }

    /// RFC 5869 §2.2 without salt, and one block of §2.3.
    private static func key(from shared: SecretBytes, _ information: [UInt8]) -> SecretBytes {
        let hmac = HMAC(.sha256)
        let salt = SecretBytes([UInt8](repeating: 0, count: hmac.byteCount))
        let extracted = SecretBytes(shared.withSpan { hmac.authenticate($0, key: salt) })
        return SecretBytes(hmac.authenticate(information + [1], key: extracted))
    }
}

extension PrivateKey {
    /// The x coordinate that both sides reach (SP 800-56A §5.7.1.2). Both keys are on one curve.
    fileprivate func agree(with other: PublicKey) throws(CryptoError) -> SecretBytes {
        OpenSSLErrorQueue.clear()
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, handle.pointer, nil) else {
            throw OpenSSLErrorQueue.drain("key agreement")
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var count = 0
        guard unsafe EVP_PKEY_derive_init(context) == 1, unsafe EVP_PKEY_derive_set_peer(context, other.handle.pointer) == 1,
            unsafe EVP_PKEY_derive(context, nil, &count) == 1
        else { throw OpenSSLErrorQueue.drain("key agreement") }
        var isDone = false
        let shared = unsafe SecretBytes(count: count) { buffer in
            var written = count
            isDone = unsafe EVP_PKEY_derive(context, buffer.bindMemory(to: UInt8.self).baseAddress, &written) == 1 && written == count
        }
        guard isDone else { throw OpenSSLErrorQueue.drain("key agreement") }
        return shared
    }
}
