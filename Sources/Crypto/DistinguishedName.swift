internal import COpenSSL

/// Subjects with a common name, all that this program writes or reads in an X509_NAME.
enum DistinguishedName {
    /// RFC 5280 appendix A: ub-common-name.
    static let commonNameCharactersMax = 64

    static func commonName(of name: OpaquePointer) -> String? {
        let index = unsafe X509_NAME_get_index_by_NID(name, NID_commonName, -1)
        guard index >= 0, let entry = unsafe X509_NAME_get_entry(name, index),
            let data = unsafe X509_NAME_ENTRY_get_data(entry)
        else { return nil }
        var utf8: UnsafeMutablePointer<UInt8>?
        let count = unsafe ASN1_STRING_to_UTF8(&utf8, data)
        guard count >= 0, let utf8 = unsafe utf8 else {
            OpenSSLErrorQueue.clear()
            return nil
        }
        defer { unsafe CRYPTO_free(utf8, "", 0) }
        return unsafe String(validating: UnsafeBufferPointer(start: utf8, count: Int(count)), as: UTF8.self)
    }

    /// Adds CN=`commonName` to an empty name.
    static func set(_ commonName: String, on name: OpaquePointer) throws(CryptoError) {
        let bytes = Array(commonName.utf8)
        guard (1...commonNameCharactersMax).contains(bytes.count), bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw .malformed(.certificateName)
        }
        guard unsafe X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, bytes, CInt(bytes.count), -1, 0) == 1 else {
            throw OpenSSLErrorQueue.drain("certificate subject")
        }
    }
}
