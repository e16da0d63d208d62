internal import COpenSSL
package import Crypto

/// What the handshake has told about the other side.
extension TLSSession {
    /// As sent, leaf first. Empty if the peer sent none, or one that cannot be read, which identifies nobody either.
    package var peerCertificates: [Certificate] {
        guard let leaf = unsafe SSL_get0_peer_certificate(ssl) else { return [] }
        defer { TLSErrorQueue.clear() }
        return unsafe CertificateChain.read(leaf: leaf, sent: SSL_get_peer_cert_chain(ssl)) ?? []
    }

    /// The ALPN protocol, or nil when there was none (which means HTTP/1.1 here).
    package var negotiatedProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var count: CUnsignedInt = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &count)
        guard let name = unsafe name, count > 0 else { return nil }
        return unsafe String(validating: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
    }

    /// How many authorities the server named when it asked for a certificate; a client may take any such list as a
    /// reason to send none.
    package var requestedAuthorityCount: Int {
        Int(unsafe cossl_names_of_authorities_count(SSL_get0_peer_CA_list(ssl)))
    }

    /// Such as `TLSv1.3`.
    package var protocolVersion: String {
        unsafe SSL_get_version(ssl).map { unsafe String(cString: $0) } ?? ""
    }
}
