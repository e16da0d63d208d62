internal import COpenSSL

/// OpenSSL's random generator, seeded by the kernel.
package enum SecureRandom {
    package static func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            unsafe fill(UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// Traps when the generator fails: there is no safe way to go on without randomness, and OpenSSL fails
    /// here only when the kernel gives no entropy.
    static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guard unsafe !buffer.isEmpty else { return }
        let address = unsafe buffer.bindMemory(to: UInt8.self).baseAddress
        let filled = unsafe RAND_bytes_ex(nil, address, buffer.count, 0)
        precondition(filled == 1, "the system's random generator failed")
    }
}
