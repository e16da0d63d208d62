internal import COpenSSL

/// Whether both hold the same bytes, in a time that depends on their lengths only.
package func constantTimeEqual(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Bool {
    guard first.count == second.count else { return false }
    return unsafe first.withUnsafeBytes { first in
        unsafe second.withUnsafeBytes { second in
            unsafe first.isEmpty || CRYPTO_memcmp(first.baseAddress, second.baseAddress, first.count) == 0
        }
    }
}

package func constantTimeEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    constantTimeEqual(first.span, second.span)
}
