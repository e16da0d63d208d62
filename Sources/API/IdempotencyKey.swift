import Crypto
import HTTP
import HTTPTypes
import TrustStore

/// `Idempotency-Key`: a write sent again with the same key by the same caller is the same write.
enum IdempotencyKey {
    static let bytesMax = 255

    /// Nil without the header. Bound to the caller, so that nobody learns another's outcome by guessing
    /// keys, and to what is asked, so that a key used again by mistake never makes one write look
    /// done because another was.
    static func requestID(_ request: IncomingRequest, callerID: String) throws(Problem) -> RequestID? {
        let head = request.head
        guard let key = head.value(of: .idempotencyKey) else { return nil }
        guard head.count(of: .idempotencyKey) == 1 else {
            throw .badRequest("header Idempotency-Key is given more than once")
        }
        guard !key.isEmpty, key.utf8.count <= bytesMax, key.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw .badRequest("header Idempotency-Key must be 1 to \(bytesMax) visible ASCII characters")
        }
        var hash = SHA256Stream()
        for part in [Array(callerID.utf8), Array(key.utf8), Array(head.method.rawValue.utf8), Array(head.bytes[head.targetRange])] {
            // Lengths, so that no two lists of parts read the same.
            hash.update(UInt64(part.count))
            hash.update(part)
        }
        hash.update(request.body)
        return RequestID(bytes: Array(hash.finalize().prefix(16)))
    }
}
