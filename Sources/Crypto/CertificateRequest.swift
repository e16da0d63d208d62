internal import COpenSSL

/// A PKCS #10 certification request (RFC 2986) whose own signature has been checked: its maker holds the
/// private key. Nothing else in it is to be believed.
package struct CertificateRequest: Sendable {
    package static let derBytesMax = 16 << 10

    package let publicKey: PublicKey
    package let commonName: String?
    package let uriNames: [String]

    /// A text with exactly one block, labelled as a request.
    package init(text: String) throws(CryptoError) {
        let blocks = try PEM.decode(text)
        guard blocks.count == 1, ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"].contains(blocks[0].label) else { throw .malformed(.pem) }
        try self.init(der: blocks[0].bytes)
    }

    package init(der: [UInt8]) throws(CryptoError) {
        guard der.count <= Self.derBytesMax,
            let request = unsafe derDecoding(der.span, { unsafe d2i_X509_REQ(nil, $0, $1) }, free: { unsafe X509_REQ_free($0) })
        else { throw .malformed(.certificateRequest) }
        defer {
            unsafe X509_REQ_free(request)
            OpenSSLErrorQueue.clear()
        }
        publicKey = try PublicKey(spki: unsafe derEncoding { unsafe i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), $0) })
        guard unsafe publicKey.withHandle({ unsafe X509_REQ_verify(request, $0) == 1 }) else { throw .authenticationFailed }
        commonName = unsafe X509_REQ_get_subject_name(request).flatMap { unsafe DistinguishedName.commonName(of: $0) }
        uriNames = unsafe Self.readNames(request).uriNames
    }

    /// DER of a request for the public half of `key`, signed by it.
    package static func make(commonName: String, uriNames: [String], key: PrivateKey) throws(CryptoError) -> [UInt8] {
        OpenSSLErrorQueue.clear()
        guard let request = unsafe X509_REQ_new() else { throw OpenSSLErrorQueue.drain("certificate request") }
        defer { unsafe X509_REQ_free(request) }
        guard let subject = unsafe X509_REQ_get_subject_name(request), unsafe X509_REQ_set_version(request, 0) == 1,
            unsafe key.publicKey.withHandle({ unsafe X509_REQ_set_pubkey(request, $0) == 1 })
        else { throw OpenSSLErrorQueue.drain("certificate request") }
        try unsafe DistinguishedName.set(commonName, on: subject)
        if !uriNames.isEmpty { try unsafe add(uriNames, to: request) }
        let digest = try unsafe key.certificateDigest()
        guard unsafe key.withHandle({ unsafe X509_REQ_sign(request, $0, digest) > 0 }) else {
            throw OpenSSLErrorQueue.drain("certificate request")
        }
        return unsafe derEncoding { unsafe i2d_X509_REQ(request, $0) }
    }

    private static func add(_ uriNames: [String], to request: OpaquePointer) throws(CryptoError) {
        var names = CertificateNames()
        names.uriNames = uriNames
        let encoded = try unsafe names.encoded()
        defer { unsafe GENERAL_NAMES_free(encoded) }
        var extensions = unsafe cossl_extensions_new()
        defer { unsafe cossl_extensions_free(extensions) }
        let value = unsafe UnsafeMutableRawPointer(encoded)
        guard unsafe X509V3_add1_i2d(&extensions, NID_subject_alt_name, value, 0, 0) == 1,
            unsafe X509_REQ_add_extensions(request, extensions) == 1
        else { throw OpenSSLErrorQueue.drain("certificate request") }
    }

    private static func readNames(_ request: OpaquePointer) -> CertificateNames {
        guard let extensions = unsafe X509_REQ_get_extensions(request) else { return CertificateNames() }
        defer { unsafe cossl_extensions_free(extensions) }
        guard let names = unsafe X509V3_get_d2i(extensions, NID_subject_alt_name, nil, nil) else { return CertificateNames() }
        let pointer = OpaquePointer(names)
        defer { unsafe GENERAL_NAMES_free(pointer) }
        return unsafe CertificateNames(reading: pointer)
    }
}
