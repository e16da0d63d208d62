internal import COpenSSL

/// OpenSSL's error queue of this thread, read as what it says about the peer.
enum TLSErrorQueue {
    /// The queue is nearly always empty, and to see that costs less than to clear it.
    static func clear() {
        if ERR_peek_error() != 0 { ERR_clear_error() }
    }

    /// Empties the queue. The first entry is the cause; later ones are its consequences.
    static func drain() -> TLSError {
        let first = ERR_get_error()
        ERR_clear_error()
        guard first != 0 else { return .library(reason: "no reason given") }
        let reason = cossl_err_reason(first)
        guard cossl_err_library(first) == ERR_LIB_SSL else { return .library(reason: text(first)) }
        if reason > SSL_AD_REASON_OFFSET, let alert = UInt8(exactly: reason - SSL_AD_REASON_OFFSET) {
            return .alertReceived(alert)
        }
        return switch reason {
        case SSL_R_CERTIFICATE_VERIFY_FAILED: .peerNotTrusted
        case SSL_R_NO_APPLICATION_PROTOCOL: .noCommonProtocol
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_WRONG_SSL_VERSION, SSL_R_VERSION_TOO_LOW, SSL_R_NO_PROTOCOLS_AVAILABLE:
            .noCommonVersion
        default: .protocolViolation(reason: text(first))
        }
    }

    /// For failures on this side, such as a key that does not fit its certificate.
    static func drainAsIdentity() -> TLSError {
        let first = ERR_get_error()
        ERR_clear_error()
        return .unusableIdentity(reason: text(first))
    }

    private static func text(_ code: UInt) -> String {
        guard let reason = unsafe ERR_reason_error_string(code) else { return "no reason given" }
        return unsafe String(cString: reason)
    }
}
