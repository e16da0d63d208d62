internal import COpenSSL

extension Certificate {
    /// The certificate that differs from this one in its issuer's signature alone: of an ECDSA signature (r, s) anybody can make
    /// (r, n − s), which is as good. Who goes by fingerprints must know both. Nil where the issuer's key is of another kind,
    /// whose signatures have one form.
    package func twin(issuer: Certificate) -> Certificate? {
        defer { OpenSSLErrorQueue.clear() }
        guard let order = unsafe issuer.withHandle(Self.curveOrder) else { return nil }
        defer { unsafe BN_free(order) }
        return unsafe withHandle { x509 in
            guard let copy = unsafe X509_dup(x509) else { return nil }
            defer { unsafe X509_free(copy) }
            var signature: UnsafePointer<ASN1_BIT_STRING>?
            unsafe X509_get0_signature(&signature, nil, copy)
            guard let signature = unsafe signature, let other = unsafe Self.otherForm(of: signature, order),
                unsafe ASN1_STRING_set(UnsafeMutablePointer(mutating: signature), other, CInt(other.count)) == 1
            else { return nil }
            return try? Certificate(der: unsafe derEncoding { unsafe i2d_X509(copy, $0) })
        }
    }

    /// +1; nil for a key that is on no curve.
    private static func curveOrder(_ x509: OpaquePointer) -> OpaquePointer? {
        var order: OpaquePointer?
        guard let key = unsafe X509_get0_pubkey(x509), unsafe EVP_PKEY_get_bn_param(key, "order", &order) == 1 else { return nil }
        return unsafe order
    }

    private static func otherForm(of signature: UnsafePointer<ASN1_BIT_STRING>, _ order: OpaquePointer) -> [UInt8]? {
        let count = Int(unsafe ASN1_STRING_length(signature))
        guard count > 0, let data = unsafe ASN1_STRING_get0_data(signature) else { return nil }
        let der = unsafe Array(UnsafeBufferPointer(start: data, count: count))
        guard let parsed = unsafe derDecoding(der.span, { unsafe d2i_ECDSA_SIG(nil, $0, $1) }, free: { unsafe ECDSA_SIG_free($0) }) else { return nil }
        defer { unsafe ECDSA_SIG_free(parsed) }
        let r = unsafe BN_dup(ECDSA_SIG_get0_r(parsed)), s = unsafe BN_new()
        guard unsafe r != nil, unsafe s != nil, unsafe BN_sub(s, order, ECDSA_SIG_get0_s(parsed)) == 1, unsafe ECDSA_SIG_set0(parsed, r, s) == 1
        else {
            unsafe BN_free(r)
            unsafe BN_free(s)
            return nil
        }
        return unsafe derEncoding { unsafe i2d_ECDSA_SIG(parsed, $0) }
    }
}

extension Certificate {
    /// Whether its extensions allow it to be a TLS server: a certificate that a client was given must not pass for one.
    package var mayServe: Bool {
        defer { OpenSSLErrorQueue.clear() }
        return unsafe withHandle { unsafe X509_check_purpose($0, X509_PURPOSE_SSL_SERVER, 0) == 1 }
    }
}
