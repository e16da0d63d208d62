internal import COpenSSL

/// OpenSSL keeps a queue of errors per thread. Clear it before a call whose failure will be read, so that a
/// leftover is not blamed on that call, and empty it after each failure, so that nobody inherits it.
enum OpenSSLErrorQueue {
    static func clear() {
        ERR_clear_error()
    }

    /// Empties the queue. Only reason texts are kept: the data strings that OpenSSL attaches may quote input.
    static func drain(_ operation: StaticString) -> CryptoError {
        var reason: String?
        while true {
            let code = ERR_get_error()
            guard code != 0 else { break }
            if reason == nil, let text = unsafe ERR_reason_error_string(code) {
                reason = unsafe String(cString: text)
            }
        }
        return .library(operation: "\(operation)", reason: reason ?? "no reason given")
    }
}
