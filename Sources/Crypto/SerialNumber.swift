internal import COpenSSL

/// Serial numbers as the octets of their INTEGER (RFC 5280 §4.1.2.2): certificates and revocation lists write them alike.
package enum SerialNumber {
    /// RFC 5280 allows no more.
    package static let octetsMax = 20

    /// Empty when there is none.
    static func octets(_ number: UnsafePointer<ASN1_INTEGER>?) -> [UInt8] {
        guard let number = unsafe number else { return [] }
        let der = unsafe derEncoding { unsafe i2d_ASN1_INTEGER(number, $0) }
        // A header of two octets: whatever is so long that it needs more is no serial number.
        guard der.count > 2, der[1] < 0x80, Int(der[1]) == der.count - 2 else { return [] }
        return Array(der.dropFirst(2))
    }
}
