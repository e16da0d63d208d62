internal import COpenSSL

/// An X.509 certificate as somebody sent it: well-formed, but not trusted for anything by being parsed.
///
/// Safe to send: immutable; the X509 behind it is only read, and OpenSSL guards what it caches inside.
@safe package final class Certificate: @unchecked Sendable {
    package static let derBytesMax = 64 << 10

    package let der: [UInt8]
    /// SHA-256 of the DER in 64 lower-case hex digits.
    package let fingerprint: String
    /// Unix seconds; both ends belong to the validity period.
    package let notBeforeAt, notAfterAt: Int64
    /// +1, returned in `deinit`.
    private let x509: OpaquePointer
    private let names: CertificateNames

    /// Refuses trailing bytes and an envelope that is not DER, which would give one certificate two fingerprints.
    package convenience init(der: [UInt8]) throws(CryptoError) {
        guard der.count <= Self.derBytesMax,
            let x509 = unsafe derDecoding(der.span, { unsafe d2i_X509(nil, $0, $1) }, free: { unsafe X509_free($0) })
        else { throw .malformed(.certificate) }
        guard unsafe derEncoding({ unsafe i2d_X509(x509, $0) }) == der else {
            unsafe X509_free(x509)
            throw .malformed(.certificate)
        }
        try unsafe self.init(owning: x509, der: der)
    }

    /// A text with exactly one block, labelled CERTIFICATE.
    package convenience init(pem: String) throws(CryptoError) {
        let blocks = try PEM.decode(pem)
        guard blocks.count == 1, blocks[0].label == "CERTIFICATE" else { throw .malformed(.pem) }
        try self.init(der: blocks[0].bytes)
    }

    /// Shares `x509`, an X509 that `TLS` has received, and leaves the caller's reference alone.
    package convenience init(sharing x509: OpaquePointer) throws(CryptoError) {
        let der = unsafe derEncoding { unsafe i2d_X509(x509, $0) }
        guard unsafe X509_up_ref(x509) == 1 else { throw OpenSSLErrorQueue.drain("certificate") }
        try unsafe self.init(owning: x509, der: der)
    }

    /// Takes over one reference, also when it throws.
    private init(owning x509: OpaquePointer, der: [UInt8]) throws(CryptoError) {
        OpenSSLErrorQueue.clear()
        guard !der.isEmpty, der.count <= Self.derBytesMax,
            let notBeforeAt = unsafe CertificateTime.seconds(X509_get0_notBefore(x509)),
            let notAfterAt = unsafe CertificateTime.seconds(X509_get0_notAfter(x509))
        else {
            unsafe X509_free(x509)
            OpenSSLErrorQueue.clear()
            throw .malformed(.certificate)
        }
        self.der = der
        fingerprint = Hex.encode(SHA256.hash(der))
        self.notBeforeAt = notBeforeAt
        self.notAfterAt = notAfterAt
        unsafe self.x509 = x509
        names = unsafe Self.readNames(x509)
        // Reading extensions of a stranger's certificate may fail; a failure means "not there".
        OpenSSLErrorQueue.clear()
    }

    deinit {
        unsafe X509_free(x509)
    }

    package var pem: String { PEM.encode(label: "CERTIFICATE", der) }

    package var dnsNames: [String] { names.dnsNames }
    package var uriNames: [String] { names.uriNames }
    /// 4 or 16 bytes each, in network order.
    package var ipAddresses: [[UInt8]] { names.addresses }

    /// The key as the certificate encodes it; works for kinds of key that `publicKey` refuses.
    package var subjectPublicKeyInfo: [UInt8] {
        unsafe derEncoding { unsafe i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), $0) }
    }

    package var publicKey: PublicKey {
        get throws(CryptoError) { try PublicKey(spki: subjectPublicKeyInfo) }
    }

    /// The first common name of the subject; nil when there is none or it is not text.
    package var subjectCommonName: String? {
        guard let subject = unsafe X509_get_subject_name(x509) else { return nil }
        return unsafe DistinguishedName.commonName(of: subject)
    }

    /// The octets of the serial number's INTEGER, sign and all: equal numbers have equal octets.
    package var serial: [UInt8] {
        unsafe SerialNumber.octets(X509_get0_serialNumber(x509))
    }

    /// Names whoever issues with this certificate: equal for a renewed certificate of the same name and key, different when
    /// another key goes by the same name.
    package var issuerIdentity: String {
        guard let subject = unsafe X509_get_subject_name(x509) else { return "" }
        let name = unsafe X509_NAME_hash_ex(subject, nil, nil, nil)
        return "\(String(UInt64(name), radix: 16)):\(Hex.encode(SHA256.hash(subjectPublicKeyInfo)))"
    }

    /// Whether its key may sign revocation lists: keyUsage says so, or is not there.
    package var maySignRevocationLists: Bool {
        defer { OpenSSLErrorQueue.clear() }
        return isAuthority && (unsafe X509_get_key_usage(x509)) & UInt32(KU_CRL_SIGN) != 0
    }

    /// Whether its extensions allow it to sign certificates.
    package var isAuthority: Bool {
        let isAuthority = unsafe X509_check_ca(x509) == 1
        OpenSSLErrorQueue.clear()
        return isAuthority
    }

    /// Whether `now` (Unix seconds) lies in the validity period.
    package func isValid(at now: Int64) -> Bool {
        notBeforeAt <= now && now <= notAfterAt
    }

    /// Whether it is for this host, by subjectAltName: a DNS name, or an IP address in text (RFC 9525 §6).
    package func names(host: String) -> Bool {
        defer { OpenSSLErrorQueue.clear() }
        guard !host.isEmpty, !host.utf8.contains(0) else { return false }
        if unsafe X509_check_ip_asc(x509, host, 0) == 1 { return true }
        return unsafe X509_check_host(x509, host, host.utf8.count, CUnsignedInt(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT), nil) == 1
    }

    /// Whether `issuer` is an authority, is named as the issuer, and made the signature. Times are not looked at.
    package func isIssued(by issuer: Certificate) -> Bool {
        defer { OpenSSLErrorQueue.clear() }
        guard issuer.isAuthority, unsafe X509_check_issued(issuer.x509, x509) == X509_V_OK,
            let key = unsafe X509_get0_pubkey(issuer.x509)
        else { return false }
        return unsafe X509_verify(x509, key) == 1
    }

    /// An X509 reference that is valid during `body`; `TLS` needs it.
    package func withHandle<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        unsafe body(x509)
    }

    private static func readNames(_ x509: OpaquePointer) -> CertificateNames {
        guard let names = unsafe X509_get_ext_d2i(x509, NID_subject_alt_name, nil, nil) else { return CertificateNames() }
        let pointer = OpaquePointer(names)
        defer { unsafe GENERAL_NAMES_free(pointer) }
        return unsafe CertificateNames(reading: pointer)
    }
}

extension Certificate: Hashable {
    package static func == (first: Certificate, second: Certificate) -> Bool { first.der == second.der }
    package func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}
