import Crypto
package import TrustStore

extension RequestID {
    /// A fresh id for a change that no client named.
    package static func random() -> RequestID {
        let bytes = SecureRandom.bytes(16)
        let halves = [bytes[..<8], bytes[8...]].map { $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        return RequestID(high: halves[0], low: halves[1])
    }
}
