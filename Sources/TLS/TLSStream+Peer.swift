package import Crypto

/// What the handshake has told; empty and nil once the stream is closed.
extension TLSStream {
    /// As sent, leaf first; empty if the peer sent none. Read from OpenSSL at each call: keep the result.
    package var peerCertificates: [Certificate] {
        isEstablished ? session.peerCertificates : []
    }

    /// nil means HTTP/1.1, the protocol of clients that do not negotiate one.
    package var negotiatedProtocol: String? {
        isEstablished ? session.negotiatedProtocol : nil
    }
}
