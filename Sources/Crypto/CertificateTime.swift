internal import COpenSSL

/// Between ASN.1 times and Unix seconds.
enum CertificateTime {
    /// nil for a time that is not a calendar date.
    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        guard let time = unsafe time, let epoch = unsafe ASN1_TIME_set(nil, 0) else { return nil }
        defer { unsafe ASN1_TIME_free(epoch) }
        var days: CInt = 0
        var seconds: CInt = 0
        guard unsafe ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return nil }
        return Int64(days) * 86_400 + Int64(seconds)
    }

    /// A new ASN1_TIME, which the caller frees: UTCTime before 2050 and GeneralizedTime from then on
    /// (RFC 5280 §4.1.2.5). Throws outside the years 1950 to 9999.
    static func encoded(_ seconds: Int64) throws(CryptoError) -> UnsafeMutablePointer<ASN1_TIME> {
        guard (-631_152_000...253_402_300_799).contains(seconds), let time = unsafe ASN1_TIME_set(nil, time_t(seconds)) else {
            OpenSSLErrorQueue.clear()
            throw .outOfBounds(.validity)
        }
        return unsafe time
    }
}
