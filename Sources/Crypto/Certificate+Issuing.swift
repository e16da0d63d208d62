internal import COpenSSL

extension Certificate {
    /// A new certificate over `publicKey`, signed by `key`, which belongs to `issuer`, or to the certificate itself
    /// when there is no issuer.
    package static func issue(
        _ template: CertificateTemplate, publicKey: PublicKey, issuer: Certificate?, key: PrivateKey
    ) throws(CryptoError) -> Certificate {
        guard try (issuer?.publicKey ?? publicKey) == key.publicKey else { throw .unsupported(.privateKey) }
        OpenSSLErrorQueue.clear()
        let draft = try CertificateDraft()
        try draft.setVersionAndSerial(template.serial)
        try draft.setValidity(from: template.notBeforeAt, through: template.notAfterAt)
        try draft.setNames(subject: template.commonName, issuer: issuer)
        try draft.setKey(publicKey)
        try draft.addExtensions(of: template, issuer: issuer)
        try draft.sign(with: key)
        return try draft.finished()
    }
}

/// An X509 while it is being filled in. +1 from `X509_new`, returned in `deinit`.
@safe private struct CertificateDraft: ~Copyable {
    private let x509: OpaquePointer

    init() throws(CryptoError) {
        guard let x509 = unsafe X509_new() else { throw OpenSSLErrorQueue.drain("certificate") }
        unsafe self.x509 = x509
    }

    deinit {
        unsafe X509_free(x509)
    }

    /// Read as a positive number, so a set top bit is harmless; at most 20 bytes in DER (RFC 5280 §4.1.2.2).
    func setVersionAndSerial(_ serial: [UInt8]) throws(CryptoError) {
        guard (1...19).contains(serial.count), serial.contains(where: { $0 != 0 }) else { throw .outOfBounds(.serialNumber) }
        guard let number = unsafe BN_bin2bn(serial, CInt(serial.count), nil) else { throw OpenSSLErrorQueue.drain("serial number") }
        defer { unsafe BN_free(number) }
        guard unsafe X509_set_version(x509, Int(X509_VERSION_3)) == 1,
            unsafe BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != nil
        else {
            throw OpenSSLErrorQueue.drain("serial number")
        }
    }

    func setValidity(from notBeforeAt: Int64, through notAfterAt: Int64) throws(CryptoError) {
        guard notBeforeAt <= notAfterAt else { throw .outOfBounds(.validity) }
        let notBefore = try unsafe CertificateTime.encoded(notBeforeAt)
        defer { unsafe ASN1_TIME_free(notBefore) }
        let notAfter = try unsafe CertificateTime.encoded(notAfterAt)
        defer { unsafe ASN1_TIME_free(notAfter) }
        guard unsafe X509_set1_notBefore(x509, notBefore) == 1, unsafe X509_set1_notAfter(x509, notAfter) == 1 else {
            throw OpenSSLErrorQueue.drain("validity period")
        }
    }

    func setNames(subject: String, issuer: Certificate?) throws(CryptoError) {
        guard let name = unsafe X509_get_subject_name(x509) else { throw OpenSSLErrorQueue.drain("certificate subject") }
        try unsafe DistinguishedName.set(subject, on: name)
        let done: Bool
        if let issuer {
            done = unsafe issuer.withHandle { issuer in unsafe X509_set_issuer_name(x509, X509_get_subject_name(issuer)) == 1 }
        } else {
            done = unsafe X509_set_issuer_name(x509, name) == 1
        }
        guard done else { throw OpenSSLErrorQueue.drain("certificate issuer") }
    }

    func setKey(_ key: PublicKey) throws(CryptoError) {
        guard unsafe key.withHandle({ unsafe X509_set_pubkey(x509, $0) == 1 }) else { throw OpenSSLErrorQueue.drain("certificate key") }
    }

    func addExtensions(of template: CertificateTemplate, issuer: Certificate?) throws(CryptoError) {
        if template.isAuthority {
            try add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0", issuer)
            try add(NID_key_usage, "critical,keyCertSign,cRLSign", issuer)
        } else {
            try add(NID_basic_constraints, "critical,CA:FALSE", issuer)
            try add(NID_key_usage, "critical,digitalSignature", issuer)
        }
        if !template.usages.isEmpty {
            let names = template.usages.map { usage in
                switch usage {
                case .serverAuth: "serverAuth"
                case .clientAuth: "clientAuth"
                }
            }
            try add(NID_ext_key_usage, names.sorted().joined(separator: ","), issuer)
        }
        try add(NID_subject_key_identifier, "hash", issuer)
        try add(NID_authority_key_identifier, "keyid:always", issuer)
        try addNames(of: template)
    }

    /// `value` is in OpenSSL's configuration syntax, which has escapes and sections: constants of this file only.
    private func add(_ extensionID: CInt, _ value: String, _ issuer: Certificate?) throws(CryptoError) {
        var context = unsafe X509V3_CTX()
        if let issuer {
            unsafe issuer.withHandle { issuer in unsafe X509V3_set_ctx(&context, issuer, x509, nil, nil, 0) }
        } else {
            unsafe X509V3_set_ctx(&context, x509, x509, nil, nil, 0)
        }
        guard let made = unsafe X509V3_EXT_conf_nid(nil, &context, extensionID, value) else {
            throw OpenSSLErrorQueue.drain("certificate extension")
        }
        defer { unsafe X509_EXTENSION_free(made) }
        guard unsafe X509_add_ext(x509, made, -1) == 1 else { throw OpenSSLErrorQueue.drain("certificate extension") }
    }

    private func addNames(of template: CertificateTemplate) throws(CryptoError) {
        var names = CertificateNames()
        names.dnsNames = template.dnsNames
        names.uriNames = template.uriNames
        for text in template.ipAddresses {
            guard let address = CertificateNames.address(parsing: text) else { throw .malformed(.certificateName) }
            names.addresses.append(address)
        }
        guard !names.isEmpty else { return }
        let encoded = try unsafe names.encoded()
        defer { unsafe GENERAL_NAMES_free(encoded) }
        let value = unsafe UnsafeMutableRawPointer(encoded)
        guard unsafe X509_add1_ext_i2d(x509, NID_subject_alt_name, value, 0, 0) == 1 else {
            throw OpenSSLErrorQueue.drain("certificate names")
        }
    }

    func sign(with key: PrivateKey) throws(CryptoError) {
        let digest = try unsafe key.certificateDigest()
        guard unsafe key.withHandle({ unsafe X509_sign(x509, $0, digest) > 0 }) else {
            throw OpenSSLErrorQueue.drain("certificate signature")
        }
    }

    func finished() throws(CryptoError) -> Certificate {
        try Certificate(der: unsafe derEncoding { unsafe i2d_X509(x509, $0) })
    }
}

extension PrivateKey {
    /// What a certificate or request signed with this key hashes with; nil where the algorithm hashes by itself.
    func certificateDigest() throws(CryptoError) -> OpaquePointer? {
        switch type {
        case .p256: unsafe EVP_sha256()
        case .p384: unsafe EVP_sha384()
        case .ed25519: nil
        case .p521, .rsa: throw .unsupported(.privateKey)
        }
    }
}
