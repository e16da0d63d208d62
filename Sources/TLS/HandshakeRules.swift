internal import COpenSSL
internal import Crypto

/// What OpenSSL's callbacks decide from. Immutable, so that any thread's handshake may read it.
///
/// Safe to send: `alpn` is written only in `init`.
@safe final class HandshakeRules: @unchecked Sendable {
    struct Peer: Sendable {
        /// The protocol whose offer selects `context`.
        let name: [UInt8]
        let context: TLSContext
    }

    /// Stays where it is: OpenSSL keeps pointers into it after a callback.
    let alpn: UnsafeBufferPointer<UInt8>
    let verification: PeerVerification?
    let peer: Peer?

    init(alpn names: [String], verification: PeerVerification?, peer: Peer?) throws(TLSError) {
        guard let list = ALPNList.encode(names) else { throw .unusableIdentity(reason: "bad application protocol name") }
        let storage = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: list.count)
        _ = unsafe storage.initialize(fromContentsOf: list)
        unsafe alpn = UnsafeBufferPointer(storage)
        self.verification = verification
        self.peer = peer
    }

    deinit {
        unsafe alpn.deallocate()
    }
}

private func rules(_ pointer: UnsafeMutableRawPointer?) -> HandshakeRules? {
    unsafe pointer.map { unsafe Unmanaged<HandshakeRules>.fromOpaque($0).takeUnretainedValue() }
}

// The callbacks are plain functions, not closures: a closure would take on the isolation of where it is written.

/// Replaces OpenSSL's chain building on both sides. Must return exactly 0 or 1: anything above is taken for an error reason.
func judgePeerChain(_ store: OpaquePointer?, _ pointer: UnsafeMutableRawPointer?) -> CInt {
    guard let store = unsafe store, let rules = unsafe rules(pointer) else { return 0 }
    if unsafe hasQuickKey(store) {
        guard let verification = rules.verification else { return 1 }
        if let chain = unsafe receivedChain(store), verification.accepts(chain) { return 1 }
    }
    TLSErrorQueue.clear()
    unsafe X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED)
    return 0
}

/// Whether the proof that the peer holds its key is checked quickly, also a stranger's: an RSA exponent as long as the modulus
/// takes seven milliseconds of this side, and one of its own. Such keys are trusted nowhere here.
private func hasQuickKey(_ store: OpaquePointer) -> Bool {
    guard let leaf = unsafe X509_STORE_CTX_get0_cert(store), let key = unsafe X509_get0_pubkey(leaf) else { return false }
    guard unsafe [EVP_PKEY_RSA, EVP_PKEY_RSA_PSS].contains(EVP_PKEY_get_base_id(key)) else { return true }
    var exponent: OpaquePointer?
    guard unsafe EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1, let exponent = unsafe exponent else { return false }
    defer { unsafe BN_free(exponent) }
    return unsafe EVP_PKEY_get_bits(key) <= rsaBitsMax && BN_num_bits(exponent) <= rsaExponentBitsMax
}

private let rsaBitsMax: CInt = 8192
private let rsaExponentBitsMax: CInt = 64

/// Leaf first; nil if any certificate cannot be read.
private func receivedChain(_ store: OpaquePointer) -> [Certificate]? {
    guard let leaf = unsafe X509_STORE_CTX_get0_cert(store) else { return nil }
    let sent = unsafe X509_STORE_CTX_get0_untrusted(store)
    return unsafe CertificateChain.read(leaf: leaf, sent: sent)
}

/// Called with the client's list, well-formed, only when it sent one.
func selectProtocol(
    _ ssl: OpaquePointer?, _ selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ selectedCount: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ offeredCount: CUnsignedInt,
    _ pointer: UnsafeMutableRawPointer?
) -> CInt {
    guard let rules = unsafe rules(pointer), let selected = unsafe selected, let selectedCount = unsafe selectedCount else {
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    var choice: UnsafeMutablePointer<UInt8>?
    let outcome = unsafe SSL_select_next_proto(
        &choice, selectedCount, rules.alpn.baseAddress, CUnsignedInt(rules.alpn.count), offered, offeredCount)
    guard outcome == OPENSSL_NPN_NEGOTIATED else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    unsafe selected.pointee = UnsafePointer(choice)
    return SSL_TLSEXT_ERR_OK
}

/// Runs before anything is answered, the only moment at which the certificate may still be chosen by protocol.
func chooseIdentity(_ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<CInt>?, _ pointer: UnsafeMutableRawPointer?) -> CInt {
    guard let ssl = unsafe ssl, let peer = unsafe rules(pointer)?.peer else { return SSL_CLIENT_HELLO_SUCCESS }
    var bytes: UnsafePointer<UInt8>?
    var count = 0
    let found = unsafe SSL_client_hello_get0_ext(
        ssl, CUnsignedInt(TLSEXT_TYPE_application_layer_protocol_negotiation), &bytes, &count)
    guard found == 1 else { return SSL_CLIENT_HELLO_SUCCESS }
    let offer = unsafe Span(_unsafeElements: UnsafeBufferPointer(start: bytes, count: count))
    if ALPNList.offers(peer.name, in: offer), unsafe SSL_set_SSL_CTX(ssl, peer.context.context) == nil {
        return SSL_CLIENT_HELLO_ERROR
    }
    return SSL_CLIENT_HELLO_SUCCESS
}
