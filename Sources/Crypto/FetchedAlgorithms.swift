internal import COpenSSL

/// Algorithms looked up once. OpenSSL 3 otherwise searches its providers, under a lock, at each use.
///
/// Safe to share: fetched algorithms are immutable and live as long as the process.
@safe final class FetchedAlgorithms: @unchecked Sendable {
    static let shared = FetchedAlgorithms()

    let sha256: OpaquePointer
    let sha384: OpaquePointer
    let sha512: OpaquePointer
    let hmac: OpaquePointer
    let aes256GCM: OpaquePointer

    private init() {
        guard let sha256 = unsafe EVP_MD_fetch(nil, "SHA2-256", nil),
            let sha384 = unsafe EVP_MD_fetch(nil, "SHA2-384", nil),
            let sha512 = unsafe EVP_MD_fetch(nil, "SHA2-512", nil),
            let hmac = unsafe EVP_MAC_fetch(nil, "HMAC", nil),
            let aes256GCM = unsafe EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)
        else {
            preconditionFailure("this OpenSSL offers no SHA-2, HMAC or AES-256-GCM: its default provider is missing")
        }
        unsafe self.sha256 = sha256
        unsafe self.sha384 = sha384
        unsafe self.sha512 = sha512
        unsafe self.hmac = hmac
        unsafe self.aes256GCM = aes256GCM
    }
}
