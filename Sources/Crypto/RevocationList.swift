internal import COpenSSL

/// Why a revocation list is not taken. The texts name the rule and hold nothing of the list but object identifiers.
package enum RevocationListError: Error, Equatable, Sendable {
    case malformed
    case tooLarge
    case wrongIssuer
    case mayNotSign
    /// By its name, such as `sha1`; `?` for a signature algorithm that is not known.
    case weakSignature(digest: String)
    case badSignature
    case missingNextUpdate
    case badTimes
    case badNumber
    case delta
    /// It covers a part of what its issuer issued, or what others did.
    case partial
    case unknownCriticalExtension(oid: String)
    case badSerial
    case removal
}

extension RevocationListError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed: "it is no CRL in DER or PEM"
        case .tooLarge: "it is larger than \(RevocationList.derBytesMax) bytes"
        case .wrongIssuer: "its issuer is another than the authority's subject"
        case .mayNotSign: "the authority's certificate does not allow its key to sign CRLs (keyUsage cRLSign)"
        case .weakSignature(let digest):
            "its signature uses the hash \(digest), which is not taken; let the authority sign its CRLs with SHA-256 or better"
        case .badSignature: "its signature is not by the authority's key"
        case .missingNextUpdate: "it has no nextUpdate"
        case .badTimes: "its thisUpdate or nextUpdate is no date, or they are the wrong way round"
        case .badNumber: "its CRL number is not a positive number of at most 20 octets"
        case .delta: "it is a delta CRL, and only complete ones are taken"
        case .partial: "it has an issuing distribution point (an indirect or a partial CRL), and only complete ones are taken"
        case .unknownCriticalExtension(let oid): "it has a critical extension that is not known here: \(oid)"
        case .badSerial: "a serial number in it has no or more than \(SerialNumber.octetsMax) octets"
        case .removal: "an entry is marked removeFromCRL, which only a delta CRL may have"
        }
    }
}

/// A complete certificate revocation list (RFC 5280 §5) whose signature has been checked.
package struct RevocationList: Sendable {
    /// Somewhat more than a million entries take; of the text, when it is PEM.
    package static let derBytesMax = 64 << 20

    /// Lower hexadecimal without leading zeros, nil when the issuer does not number its lists.
    package let number: String?
    /// Unix seconds.
    package let thisUpdateAt, nextUpdateAt: Int64
    package let serials: SerialSet
    /// SHA-256 of the DER.
    package let hash: [UInt8]

    /// - Parameter bytes: DER, or PEM with exactly one block, labelled X509 CRL.
    package init(_ bytes: [UInt8], issuer: Certificate) throws(RevocationListError) {
        let der = try Self.der(in: bytes)
        defer { OpenSSLErrorQueue.clear() }
        guard let unverified = UnverifiedRevocationList(der) else { throw .malformed }
        try unverified.check(issuer)
        guard let crl = unsafe derDecoding(der.span, { unsafe d2i_X509_CRL(nil, $0, $1) }, free: { unsafe X509_CRL_free($0) })
        else { throw .malformed }
        defer { unsafe X509_CRL_free(crl) }
        try unsafe Self.checkExtensions(of: crl)
        number = try unsafe Self.number(of: crl)
        (thisUpdateAt, nextUpdateAt) = try unsafe Self.times(of: crl)
        serials = try unsafe Self.serials(of: crl)
        hash = SHA256.hash(der)
    }

    private static func der(in bytes: [UInt8]) throws(RevocationListError) -> [UInt8] {
        guard bytes.count <= derBytesMax else { throw .tooLarge }
        // SEQUENCE, with which no text begins.
        if bytes.first == 0x30 { return bytes }
        guard let text = String(validating: bytes, as: UTF8.self), let blocks = try? PEM.decode(text, bytesMax: derBytesMax),
            blocks.count == 1, blocks[0].label == "X509 CRL"
        else { throw .malformed }
        return blocks[0].bytes
    }

    private static func checkExtensions(of crl: OpaquePointer) throws(RevocationListError) {
        for index in 0..<max(0, unsafe X509_CRL_get_ext_count(crl)) {
            guard let found = unsafe X509_CRL_get_ext(crl, index) else { throw .malformed }
            switch unsafe OBJ_obj2nid(X509_EXTENSION_get_object(found)) {
            case NID_crl_number, NID_authority_key_identifier: continue
            case NID_delta_crl: throw .delta
            case NID_issuing_distribution_point: throw .partial
            default: try unsafe refuseIfCritical(found)
            }
        }
    }

    private static func refuseIfCritical(_ found: OpaquePointer) throws(RevocationListError) {
        guard unsafe X509_EXTENSION_get_critical(found) != 0 else { return }
        let text: String = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 80) { buffer in
            guard let start = buffer.baseAddress,
                unsafe OBJ_obj2txt(start, CInt(buffer.count), X509_EXTENSION_get_object(found), 1) > 0
            else { return "?" }
            return unsafe String(cString: start)
        }
        throw .unknownCriticalExtension(oid: text)
    }

    private static func number(of crl: OpaquePointer) throws(RevocationListError) -> String? {
        var critical: CInt = 0
        guard let found = unsafe X509_CRL_get_ext_d2i(crl, NID_crl_number, &critical, nil) else {
            // -1: not there. Anything else is one that cannot be read, or is there twice.
            guard critical == -1 else { throw .badNumber }
            return nil
        }
        let number = unsafe found.assumingMemoryBound(to: ASN1_INTEGER.self)
        defer { unsafe ASN1_INTEGER_free(number) }
        let octets = unsafe SerialNumber.octets(number)
        guard let first = octets.first, first < 0x80, octets.count <= SerialNumber.octetsMax + 1 else { throw .badNumber }
        let digits = Hex.encode(octets).drop { $0 == "0" }
        return digits.isEmpty ? "0" : String(digits)
    }

    private static func times(of crl: OpaquePointer) throws(RevocationListError) -> (Int64, Int64) {
        guard let next = unsafe X509_CRL_get0_nextUpdate(crl) else { throw .missingNextUpdate }
        guard let this = unsafe X509_CRL_get0_lastUpdate(crl), let thisAt = unsafe CertificateTime.seconds(this),
            let nextAt = unsafe CertificateTime.seconds(next), thisAt <= nextAt
        else { throw .badTimes }
        return (thisAt, nextAt)
    }

    private static func serials(of crl: OpaquePointer) throws(RevocationListError) -> SerialSet {
        let entries = unsafe X509_CRL_get_REVOKED(crl)
        var builder = SerialSet.Builder()
        for index in 0..<max(0, unsafe cossl_revoked_count(entries)) {
            guard let entry = unsafe cossl_revoked_at(entries, index) else { throw .malformed }
            try unsafe checkExtensions(ofEntry: entry)
            guard builder.add(unsafe SerialNumber.octets(X509_REVOKED_get0_serialNumber(entry))) else { throw .badSerial }
        }
        return builder.finish()
    }

    private static func checkExtensions(ofEntry entry: OpaquePointer) throws(RevocationListError) {
        for index in 0..<max(0, unsafe X509_REVOKED_get_ext_count(entry)) {
            guard let found = unsafe X509_REVOKED_get_ext(entry, index) else { throw .malformed }
            switch unsafe OBJ_obj2nid(X509_EXTENSION_get_object(found)) {
            case NID_certificate_issuer: throw .partial
            case NID_crl_reason:
                // ENUMERATED of one octet (RFC 5280 §5.3.1); 8 is removeFromCRL.
                guard let value = unsafe X509_EXTENSION_get_data(found) else { throw .malformed }
                let octets = unsafe Array(UnsafeBufferPointer(start: ASN1_STRING_get0_data(value), count: Int(ASN1_STRING_length(value))))
                if octets == [0x0A, 1, 8] { throw .removal }
            default: try unsafe refuseIfCritical(found)
            }
        }
    }
}
