internal import COpenSSL

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
    package static let byteCount = 32

    package static func hash(_ message: Span<UInt8>) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initialized in
            unsafe digest(message, with: FetchedAlgorithms.shared.sha256, into: buffer)
            initialized = byteCount
        }
    }

    package static func hash(_ message: [UInt8]) -> [UInt8] {
        hash(message.span)
    }

    package static func hash(_ message: ArraySlice<UInt8>) -> [UInt8] {
        hash(message.span)
    }

    /// `output` must hold the digest's length, at most 64 bytes.
    static func digest(_ message: Span<UInt8>, with algorithm: OpaquePointer, into output: UnsafeMutableBufferPointer<UInt8>) {
        let done = unsafe message.withUnsafeBytes { message in
            unsafe EVP_Digest(message.baseAddress, message.count, output.baseAddress, nil, algorithm, nil)
        }
        precondition(done == 1, "SHA-2 failed: out of memory")
    }
}

/// SHA-256 over pieces.
@safe package struct SHA256Stream: ~Copyable {
    /// +1 from `EVP_MD_CTX_new`, returned in `deinit`.
    private let context: OpaquePointer

    package init() {
        let context = unsafe EVP_MD_CTX_new()
        guard let context = unsafe context, unsafe EVP_DigestInit_ex(context, FetchedAlgorithms.shared.sha256, nil) == 1 else {
            preconditionFailure("SHA-256 failed: out of memory")
        }
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
    }

    package mutating func update(_ bytes: Span<UInt8>) {
        let done = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        precondition(done == 1, "SHA-256 update after the end")
    }

    package mutating func update(_ bytes: [UInt8]) {
        update(bytes.span)
    }

    package mutating func update(_ bytes: ArraySlice<UInt8>) {
        update(bytes.span)
    }

    /// Big-endian, as every number in a hashed record.
    package mutating func update(_ number: UInt64) {
        unsafe withUnsafeBytes(of: number.bigEndian) { bytes in
            let done = unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
            precondition(done == 1, "SHA-256 update after the end")
        }
    }

    /// The hash so far, after which the stream begins anew: cheaper than another stream for each of many short messages.
    package mutating func finalizeAndRestart() -> InlineArray<32, UInt8> {
        var digest = InlineArray<32, UInt8>(repeating: 0)
        var bytes = digest.mutableSpan
        let done = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, nil) == 1
                && EVP_DigestInit_ex(context, FetchedAlgorithms.shared.sha256, nil) == 1
        }
        precondition(done, "SHA-256 failed: out of memory")
        return digest
    }

    package consuming func finalize() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { buffer, initialized in
            let done = unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            precondition(done == 1, "SHA-256 ended twice")
            initialized = SHA256.byteCount
        }
    }
}
