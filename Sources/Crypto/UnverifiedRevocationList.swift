internal import COpenSSL

/// A CRL cut into its parts (RFC 5280 §5.1), before it is known whose it is.
///
/// Anybody who answers in the place of the authority's server can send one, and OpenSSL decodes the extensions together with
/// the list, at some fifty bytes of memory for each byte of some of them. So nothing of it is decoded before its signature
/// is checked but what that takes: the issuer's name and the algorithm, both of bounded length.
struct UnverifiedRevocationList {
    /// An algorithm with its parameters; RSASSA-PSS, the longest in use, takes less than a hundred.
    private static let algorithmBytesMax = 1 << 10

    /// TBSCertList, whole: what is signed.
    private let signed: ArraySlice<UInt8>
    private let issuer: ArraySlice<UInt8>
    private let algorithm: ArraySlice<UInt8>
    private let signature: ArraySlice<UInt8>

    /// Nil for what is no list in DER.
    init?(_ der: [UInt8]) {
        var outer = DERReader(der[...])
        guard let list = outer.next(.sequence), outer.isAtEnd else { return nil }
        var parts = DERReader(list.content)
        guard let signed = parts.next(.sequence), let algorithm = parts.next(.sequence), algorithm.whole.count <= Self.algorithmBytesMax,
            let signature = parts.next(.bitString), parts.isAtEnd
        else { return nil }
        var fields = DERReader(signed.content)
        // The version, which lists without extensions may lack.
        if fields.begins(with: .integer), fields.next(.integer) == nil { return nil }
        guard fields.next(.sequence) != nil, let issuer = fields.next(.sequence) else { return nil }
        self.signed = signed.whole
        self.issuer = issuer.whole
        self.algorithm = algorithm.whole
        self.signature = signature.whole
    }

    /// That it is `issuer`'s, and signed as is good enough.
    func check(_ issuer: Certificate) throws(RevocationListError) {
        guard try isNamed(by: issuer) else { throw .wrongIssuer }
        guard issuer.maySignRevocationLists else { throw .mayNotSign }
        guard let algorithm = unsafe derDecoding(self.algorithm.span, { unsafe d2i_X509_ALGOR(nil, $0, $1) }, free: { unsafe X509_ALGOR_free($0) })
        else { throw .malformed }
        defer { unsafe X509_ALGOR_free(algorithm) }
        try unsafe Self.checkDigest(of: algorithm)
        guard try unsafe isSigned(by: issuer, algorithm) else { throw .badSignature }
    }

    private func isNamed(by certificate: Certificate) throws(RevocationListError) -> Bool {
        // Longer than any name that the authority's certificate has room for.
        guard issuer.count <= Certificate.derBytesMax else { return false }
        guard let name = unsafe derDecoding(issuer.span, { unsafe d2i_X509_NAME(nil, $0, $1) }, free: { unsafe X509_NAME_free($0) })
        else { throw .malformed }
        defer { unsafe X509_NAME_free(name) }
        return unsafe certificate.withHandle { unsafe X509_NAME_cmp(name, X509_get_subject_name($0)) == 0 }
    }

    private static func checkDigest(of algorithm: UnsafePointer<X509_ALGOR>) throws(RevocationListError) {
        var digest: CInt = NID_undef
        let signature = unsafe OBJ_obj2nid(algorithm.pointee.algorithm)
        switch signature {
        // Their hash is their own, and a good one.
        case NID_ED25519, NID_ED448: return
        // The hash stands in the parameters.
        case NID_rsassaPss: digest = unsafe cossl_pss_digest(algorithm)
        default: _ = unsafe OBJ_find_sigid_algs(signature, &digest, nil)
        }
        guard [NID_sha256, NID_sha384, NID_sha512, NID_sha3_256, NID_sha3_384, NID_sha3_512].contains(digest) else {
            let name = unsafe OBJ_nid2sn(digest).map { unsafe String(cString: $0).lowercased() }
            throw .weakSignature(digest: digest == NID_undef ? "?" : name ?? "?")
        }
    }

    /// As `X509_CRL_verify` checks it, which asks for a list that was decoded.
    private func isSigned(by certificate: Certificate, _ algorithm: UnsafePointer<X509_ALGOR>) throws(RevocationListError) -> Bool {
        guard let signature = unsafe derDecoding(self.signature.span, { unsafe d2i_ASN1_BIT_STRING(nil, $0, $1) }, free: { unsafe ASN1_BIT_STRING_free($0) })
        else { throw .malformed }
        defer { unsafe ASN1_BIT_STRING_free(signature) }
        // A value of any type keeps a SEQUENCE as its encoding, tag and length included, and looks at nothing inside.
        guard let content = unsafe derDecoding(signed.span, { unsafe d2i_ASN1_TYPE(nil, $0, $1) }, free: { unsafe ASN1_TYPE_free($0) })
        else { throw .malformed }
        defer { unsafe ASN1_TYPE_free(content) }
        return unsafe certificate.withHandle { certificate in
            guard let key = unsafe X509_get0_pubkey(certificate) else { return false }
            return unsafe ASN1_item_verify(ASN1_ANY_it(), algorithm, signature, content, key) == 1
        }
    }
}
