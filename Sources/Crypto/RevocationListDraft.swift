internal import COpenSSL

/// What a certificate revocation list to be signed says (RFC 5280 §5).
package struct RevocationListDraft: Sendable {
    package struct Entry: Sendable, Equatable {
        /// As `Certificate.serial`.
        package var serial: [UInt8]
        /// Unix seconds.
        package var revokedAt: Int64

        package init(serial: [UInt8], revokedAt: Int64) {
            self.serial = serial
            self.revokedAt = revokedAt
        }
    }

    package var number: Int64
    /// Unix seconds.
    package var thisUpdateAt, nextUpdateAt: Int64
    package var entries: [Entry]

    package init(number: Int64, thisUpdateAt: Int64, nextUpdateAt: Int64, entries: [Entry]) {
        self.number = number
        self.thisUpdateAt = thisUpdateAt
        self.nextUpdateAt = nextUpdateAt
        self.entries = entries
    }

    /// All revoked when the list is made.
    package init(number: Int64, thisUpdateAt: Int64, nextUpdateAt: Int64, serials: [[UInt8]]) {
        self.init(
            number: number, thisUpdateAt: thisUpdateAt, nextUpdateAt: nextUpdateAt,
            entries: serials.map { Entry(serial: $0, revokedAt: thisUpdateAt) })
    }

    /// DER. The signature differs each time it is made: whoever needs one list for all makes it once.
    package func signed(by key: PrivateKey, issuer: Certificate) throws(CryptoError) -> [UInt8] {
        guard try issuer.publicKey == key.publicKey else { throw .unsupported(.privateKey) }
        OpenSSLErrorQueue.clear()
        guard let crl = unsafe X509_CRL_new() else { throw OpenSSLErrorQueue.drain("revocation list") }
        defer { unsafe X509_CRL_free(crl) }
        try unsafe setHead(of: crl, issuer)
        for entry in entries { try unsafe add(entry, to: crl) }
        try unsafe addExtensions(to: crl, issuer)
        let digest = try unsafe key.certificateDigest()
        guard unsafe X509_CRL_sort(crl) == 1, unsafe key.withHandle({ unsafe X509_CRL_sign(crl, $0, digest) > 0 }) else {
            throw OpenSSLErrorQueue.drain("revocation list signature")
        }
        return unsafe derEncoding { unsafe i2d_X509_CRL(crl, $0) }
    }

    private func setHead(of crl: OpaquePointer, _ issuer: Certificate) throws(CryptoError) {
        let this = try unsafe CertificateTime.encoded(thisUpdateAt)
        defer { unsafe ASN1_TIME_free(this) }
        let next = try unsafe CertificateTime.encoded(nextUpdateAt)
        defer { unsafe ASN1_TIME_free(next) }
        let isNamed = unsafe issuer.withHandle { unsafe X509_CRL_set_issuer_name(crl, X509_get_subject_name($0)) == 1 }
        // Version 2 is written as 1.
        guard isNamed, unsafe X509_CRL_set_version(crl, 1) == 1, unsafe X509_CRL_set1_lastUpdate(crl, this) == 1,
            unsafe X509_CRL_set1_nextUpdate(crl, next) == 1
        else { throw OpenSSLErrorQueue.drain("revocation list") }
    }

    private func add(_ entry: Entry, to crl: OpaquePointer) throws(CryptoError) {
        guard (1...SerialNumber.octetsMax).contains(entry.serial.count) else { throw .outOfBounds(.serialNumber) }
        let der = [0x02, UInt8(entry.serial.count)] + entry.serial
        guard let serial = unsafe derDecoding(der.span, { unsafe d2i_ASN1_INTEGER(nil, $0, $1) }, free: { unsafe ASN1_INTEGER_free($0) })
        else { throw .malformed(.serialNumber) }
        defer { unsafe ASN1_INTEGER_free(serial) }
        let time = try unsafe CertificateTime.encoded(entry.revokedAt)
        defer { unsafe ASN1_TIME_free(time) }
        guard let revoked = unsafe X509_REVOKED_new() else { throw OpenSSLErrorQueue.drain("revocation list") }
        guard unsafe X509_REVOKED_set_serialNumber(revoked, serial) == 1, unsafe X509_REVOKED_set_revocationDate(revoked, time) == 1,
            unsafe X509_CRL_add0_revoked(crl, revoked) == 1
        else {
            unsafe X509_REVOKED_free(revoked)
            throw OpenSSLErrorQueue.drain("revocation list")
        }
    }

    private func addExtensions(to crl: OpaquePointer, _ issuer: Certificate) throws(CryptoError) {
        guard let integer = unsafe ASN1_INTEGER_new() else { throw OpenSSLErrorQueue.drain("CRL number") }
        defer { unsafe ASN1_INTEGER_free(integer) }
        guard unsafe ASN1_INTEGER_set_int64(integer, number) == 1, unsafe X509_CRL_add1_ext_i2d(crl, NID_crl_number, integer, 0, 0) == 1
        else { throw OpenSSLErrorQueue.drain("CRL number") }
        var context = unsafe X509V3_CTX()
        unsafe issuer.withHandle { issuer in unsafe X509V3_set_ctx(&context, issuer, nil, nil, crl, 0) }
        guard let identifier = unsafe X509V3_EXT_conf_nid(nil, &context, NID_authority_key_identifier, "keyid:always") else {
            throw OpenSSLErrorQueue.drain("authority key identifier")
        }
        defer { unsafe X509_EXTENSION_free(identifier) }
        guard unsafe X509_CRL_add_ext(crl, identifier, -1) == 1 else { throw OpenSSLErrorQueue.drain("authority key identifier") }
    }
}
