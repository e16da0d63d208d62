internal import COpenSSL

/// Why a certificate is not vouched for by any authority.
package enum PathError: Error, Equatable, Sendable {
    /// It, or one above it, is not valid at that time.
    case expired(depth: Int)
    /// In the words of OpenSSL; depth 0 is the certificate itself.
    case refused(reason: String, depth: Int)
    /// A certificate of an authority is no client's.
    case isAuthority
}

/// Certificates of authorities, and the rules by which a client's certificate is traced back to one (RFC 5280 §6, as OpenSSL
/// checks it under X509_V_FLAG_X509_STRICT). Revocation is not looked at here.
///
/// Safe to send: the store is filled in `init` and has neither lookups nor callbacks, so afterwards it is only searched, under its own
/// lock; each call has a context and a stack of its own, and certificates shared between threads are read only.
@safe package final class TrustAnchors: @unchecked Sendable {
    /// Certificates between a client's and the anchor.
    package static let depthMax: CInt = 8
    /// Bits that breaking a key or a hash must cost: 112, so no SHA-1 and no RSA below 2,048 bits.
    static let securityLevel: CInt = 2

    /// +1 from `X509_STORE_new`, returned in `deinit`.
    private let store: OpaquePointer
    private let helpers: [Certificate]

    /// - Parameters:
    ///   - anchors: where a path ends; they need not be self-signed.
    ///   - helpers: authorities that a path may lead through although its owner did not send them.
    package init(anchors: [Certificate], helpers: [Certificate] = []) throws(CryptoError) {
        OpenSSLErrorQueue.clear()
        guard let store = unsafe X509_STORE_new() else { throw OpenSSLErrorQueue.drain("trust anchors") }
        unsafe self.store = store
        self.helpers = helpers
        for anchor in anchors {
            guard unsafe anchor.withHandle({ unsafe X509_STORE_add_cert(store, $0) == 1 }) else {
                throw OpenSSLErrorQueue.drain("trust anchors")
            }
        }
    }

    deinit {
        unsafe X509_STORE_free(store)
    }

    /// The certificates from `leaf` to an anchor, in that order.
    ///
    /// - Parameters:
    ///   - sent: what came with the leaf; believed in nothing.
    ///   - now: Unix seconds; the clock is not looked at.
    package func path(from leaf: Certificate, sent: [Certificate], at now: Int64) throws(PathError) -> [Certificate] {
        defer { OpenSSLErrorQueue.clear() }
        guard !leaf.isAuthority else { throw .isAuthority }
        guard let untrusted = unsafe stack(of: helpers + sent) else { throw .refused(reason: "out of memory", depth: 0) }
        defer { unsafe cossl_certificates_free(untrusted) }
        guard let context = unsafe X509_STORE_CTX_new() else { throw .refused(reason: "out of memory", depth: 0) }
        defer { unsafe X509_STORE_CTX_free(context) }
        guard unsafe leaf.withHandle({ unsafe X509_STORE_CTX_init(context, store, $0, untrusted) == 1 }),
            unsafe configure(context, at: now)
        else { throw .refused(reason: "the check could not begin", depth: 0) }
        guard unsafe X509_verify_cert(context) == 1 else { throw unsafe Self.error(of: context) }
        guard let chain = unsafe X509_STORE_CTX_get0_chain(context) else { throw .refused(reason: "no chain", depth: 0) }
        var path: [Certificate] = []
        for index in 0..<max(0, unsafe cossl_certificates_count(chain)) {
            guard let next = unsafe cossl_certificates_at(chain, index), let certificate = try? unsafe Certificate(sharing: next) else {
                throw .refused(reason: "a certificate cannot be read", depth: Int(index))
            }
            path.append(certificate)
        }
        return path
    }

    private func configure(_ context: OpaquePointer, at now: Int64) -> Bool {
        guard let parameters = unsafe X509_STORE_CTX_get0_param(context) else { return false }
        unsafe X509_VERIFY_PARAM_set_time(parameters, time_t(now))
        unsafe X509_VERIFY_PARAM_set_depth(parameters, Self.depthMax)
        unsafe X509_VERIFY_PARAM_set_auth_level(parameters, Self.securityLevel)
        return unsafe X509_VERIFY_PARAM_set_flags(parameters, CUnsignedLong(X509_V_FLAG_X509_STRICT) | CUnsignedLong(X509_V_FLAG_PARTIAL_CHAIN)) == 1
            && X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT) == 1
    }

    private static func error(of context: OpaquePointer) -> PathError {
        let code = unsafe X509_STORE_CTX_get_error(context)
        let depth = Int(unsafe X509_STORE_CTX_get_error_depth(context))
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: return .expired(depth: depth)
        default:
            let reason = unsafe X509_verify_cert_error_string(Int(code)).map { unsafe String(cString: $0) }
            return .refused(reason: reason ?? "no reason given", depth: depth)
        }
    }

    /// Owns a reference to each certificate in it.
    private func stack(of certificates: [Certificate]) -> OpaquePointer? {
        guard let stack = unsafe cossl_certificates_new() else { return nil }
        for certificate in certificates {
            let isAdded = unsafe certificate.withHandle { handle in
                unsafe X509_up_ref(handle) == 1 && cossl_certificates_push(stack, handle) > 0
            }
            guard isAdded else {
                unsafe cossl_certificates_free(stack)
                return nil
            }
        }
        return unsafe stack
    }
}
