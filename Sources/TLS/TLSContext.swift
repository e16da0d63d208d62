internal import COpenSSL
internal import Crypto

/// What all sessions of one listener, or all connections to one kind of peer, have in common. TLS 1.3 only; no session
/// resumption, because a resumed session would not prove the client's certificate again.
///
/// Safe to send: never changed after it was made; OpenSSL counts references to an SSL_CTX atomically.
@safe package final class TLSContext: @unchecked Sendable {
    enum Side { case server, client }

    let side: Side
    /// +1 from `SSL_CTX_new`, returned in `deinit`.
    let context: OpaquePointer
    /// What OpenSSL's callbacks read. OpenSSL holds an unretained pointer to it: every session keeps its context alive.
    private let rules: HandshakeRules

    /// Presents `peerIdentity` to clients that offer its protocol, and `identity` to all others. A client certificate is
    /// asked for with an empty list of authorities, and whichever comes, or none, is accepted: the trust store judges it later.
    /// A client without ALPN gets no protocol; one that offers only unknown ones gets a fatal alert. Any server name is accepted.
    package static func server(
        identity: TLSIdentity, peerIdentity: (alpn: String, identity: TLSIdentity)?, alpn: [String]
    ) throws(TLSError) -> TLSContext {
        var peer: HandshakeRules.Peer?
        if let peerIdentity {
            let rules = try HandshakeRules(alpn: [peerIdentity.alpn], verification: nil, peer: nil)
            peer = HandshakeRules.Peer(
                name: Array(peerIdentity.alpn.utf8), context: try TLSContext(server: peerIdentity.identity, rules))
        }
        return try TLSContext(server: identity, HandshakeRules(alpn: alpn, verification: nil, peer: peer))
    }

    /// With an empty `alpn` none is offered. A server may ignore the offer: look at `TLSSession.negotiatedProtocol`.
    package static func client(
        identity: TLSIdentity?, alpn: [String], verification: PeerVerification
    ) throws(TLSError) -> TLSContext {
        try TLSContext(client: identity, HandshakeRules(alpn: alpn, verification: verification, peer: nil))
    }

    private init(_ side: Side, _ rules: HandshakeRules) throws(TLSError) {
        TLSErrorQueue.clear()
        guard let context = unsafe SSL_CTX_new(side == .server ? TLS_server_method() : TLS_client_method()) else {
            throw TLSErrorQueue.drain()
        }
        self.side = side
        unsafe self.context = context
        self.rules = rules
        guard unsafe cossl_ctx_set_tls13_only(context) == 1 else { throw TLSErrorQueue.drain() }
        unsafe cossl_ctx_set_mode(context, Int(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN))
        unsafe cossl_ctx_disable_session_cache(context)
        let rulesPointer = unsafe Unmanaged.passUnretained(rules).toOpaque()
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        unsafe SSL_CTX_set_cert_verify_callback(context, judgePeerChain, rulesPointer)
    }

    private convenience init(server identity: TLSIdentity, _ rules: HandshakeRules) throws(TLSError) {
        try self.init(.server, rules)
        try use(identity)
        guard unsafe SSL_CTX_set_num_tickets(context, 0) == 1 else { throw TLSErrorQueue.drain() }
        let rulesPointer = unsafe Unmanaged.passUnretained(rules).toOpaque()
        unsafe SSL_CTX_set_alpn_select_cb(context, selectProtocol, rulesPointer)
        if rules.peer != nil { unsafe SSL_CTX_set_client_hello_cb(context, chooseIdentity, rulesPointer) }
    }

    private convenience init(client identity: TLSIdentity?, _ rules: HandshakeRules) throws(TLSError) {
        try self.init(.client, rules)
        if let identity { try use(identity) }
        guard unsafe !rules.alpn.isEmpty else { return }
        // Unlike everything else in OpenSSL, zero is success here.
        guard unsafe SSL_CTX_set_alpn_protos(context, rules.alpn.baseAddress, CUnsignedInt(rules.alpn.count)) == 0 else {
            throw TLSErrorQueue.drain()
        }
    }

    deinit {
        unsafe SSL_CTX_free(context)
    }

    /// Checks that the key fits the first certificate.
    private func use(_ identity: TLSIdentity) throws(TLSError) {
        guard let leaf = identity.chain.first else { throw .unusableIdentity(reason: "no certificate") }
        TLSErrorQueue.clear()
        guard let issuers = unsafe cossl_certificates_new() else { throw TLSErrorQueue.drain() }
        defer { unsafe cossl_certificates_free(issuers) }
        for issuer in identity.chain.dropFirst() {
            let added = unsafe issuer.withHandle { certificate in
                unsafe X509_up_ref(certificate) == 1 && cossl_certificates_push(issuers, certificate) > 0
            }
            guard added else { throw TLSErrorQueue.drain() }
        }
        let used = unsafe leaf.withHandle { leaf in
            unsafe identity.key.withHandle { key in unsafe SSL_CTX_use_cert_and_key(context, leaf, key, issuers, 1) == 1 }
        }
        guard used, unsafe SSL_CTX_check_private_key(context) == 1 else { throw TLSErrorQueue.drainAsIdentity() }
    }
}
