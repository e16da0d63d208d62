internal import COpenSSL

/// The subject alternative names of a certificate or a request (RFC 5280 §4.2.1.6).
struct CertificateNames: Equatable, Sendable {
    var dnsNames: [String] = []
    var uriNames: [String] = []
    /// 4 or 16 bytes each, in network order.
    var addresses: [[UInt8]] = []

    /// Names read per certificate; the rest of a longer list is not looked at.
    static let countMax = 256

    init() {}

    init(reading names: OpaquePointer) {
        for index in 0..<min(unsafe cossl_names_count(names), CInt(Self.countMax)) {
            guard let name = unsafe cossl_names_at(names, index) else { continue }
            var kind: CInt = 0
            guard let value = unsafe GENERAL_NAME_get0_value(name, &kind) else { continue }
            switch kind {
            case GEN_DNS: unsafe Self.printable(value).map { dnsNames.append($0) }
            case GEN_URI: unsafe Self.printable(value).map { uriNames.append($0) }
            case GEN_IPADD:
                let address = unsafe Self.bytes(value)
                if address.count == 4 || address.count == 16 { addresses.append(address) }
            default: break
            }
        }
    }

    private static func bytes(_ string: UnsafeMutableRawPointer) -> [UInt8] {
        let string = unsafe string.assumingMemoryBound(to: ASN1_STRING.self)
        let count = Int(unsafe ASN1_STRING_length(string))
        guard count > 0, let data = unsafe ASN1_STRING_get0_data(string) else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: data, count: count))
    }

    /// nil unless all characters are printable ASCII: a name with a NUL or a line end in it is a trick, and
    /// matches nothing.
    private static func printable(_ string: UnsafeMutableRawPointer) -> String? {
        let bytes = unsafe bytes(string)
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension CertificateNames {
    /// A new GENERAL_NAMES, which the caller frees.
    func encoded() throws(CryptoError) -> OpaquePointer {
        guard let names = unsafe GENERAL_NAMES_new() else { throw OpenSSLErrorQueue.drain("certificate names") }
        do {
            for name in dnsNames { try unsafe Self.append(Array(name.utf8), GEN_DNS, V_ASN1_IA5STRING, to: names) }
            for name in uriNames { try unsafe Self.append(Array(name.utf8), GEN_URI, V_ASN1_IA5STRING, to: names) }
            for address in addresses { try unsafe Self.append(address, GEN_IPADD, V_ASN1_OCTET_STRING, to: names) }
        } catch {
            unsafe GENERAL_NAMES_free(names)
            throw error
        }
        return unsafe names
    }

    var isEmpty: Bool { dnsNames.isEmpty && uriNames.isEmpty && addresses.isEmpty }

    private static func append(
        _ bytes: [UInt8], _ kind: CInt, _ stringType: CInt, to names: OpaquePointer
    ) throws(CryptoError) {
        guard (1...1024).contains(bytes.count),
            stringType != V_ASN1_IA5STRING || bytes.allSatisfy({ (0x21...0x7e).contains($0) })
        else { throw .malformed(.certificateName) }
        guard let name = unsafe GENERAL_NAME_new(), let string = unsafe ASN1_STRING_type_new(stringType) else {
            throw OpenSSLErrorQueue.drain("certificate names")
        }
        unsafe GENERAL_NAME_set0_value(name, kind, string)
        guard unsafe ASN1_STRING_set(string, bytes, CInt(bytes.count)) == 1,
            unsafe cossl_names_push(names, name) > 0
        else {
            unsafe GENERAL_NAME_free(name)
            throw OpenSSLErrorQueue.drain("certificate names")
        }
    }
}

extension CertificateNames {
    /// The bytes of an IPv4 or IPv6 address in text; nil for anything else, such as a name or a zone.
    static func address(parsing text: String) -> [UInt8]? {
        guard text.utf8.count <= 45, !text.utf8.contains(0), let string = unsafe a2i_IPADDRESS(text) else {
            OpenSSLErrorQueue.clear()
            return nil
        }
        defer { unsafe ASN1_OCTET_STRING_free(string) }
        return unsafe bytes(UnsafeMutableRawPointer(string))
    }
}
