internal import COpenSSL

/// Bytes that must not outlive their use: a key, a passphrase, a plaintext. Zeroed in `deinit`, never printed.
///
/// Safe to send: the bytes are written only during initialisation and read only afterwards.
@safe package final class SecretBytes: @unchecked Sendable {
    private let storage: UnsafeMutableRawBufferPointer
    package var count: Int { unsafe storage.count }

    /// Takes over `bytes` and zeroes the array's own storage, provided that nobody else holds a reference to it.
    package init(_ bytes: consuming [UInt8]) {
        var source = bytes
        unsafe storage = .allocate(byteCount: source.count, alignment: 16)
        unsafe source.withUnsafeMutableBytes { source in
            unsafe storage.copyMemory(from: UnsafeRawBufferPointer(source))
            unsafe OPENSSL_cleanse(source.baseAddress, source.count)
        }
    }

    /// Copies `bytes`; the caller answers for the original.
    package init(copying bytes: Span<UInt8>) {
        unsafe storage = .allocate(byteCount: bytes.count, alignment: 16)
        unsafe bytes.withUnsafeBytes { unsafe storage.copyMemory(from: $0) }
    }

    /// `count` bytes from the system's random generator.
    package convenience init(count: Int) {
        unsafe self.init(count: count) { unsafe SecureRandom.fill($0) }
    }

    /// `count` zero bytes, then whatever `fill` writes over them.
    init(count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) -> Void) {
        unsafe storage = .allocate(byteCount: count, alignment: 16)
        unsafe storage.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe fill(storage)
    }

    deinit {
        unsafe OPENSSL_cleanse(storage.baseAddress, storage.count)
        unsafe storage.deallocate()
    }

    /// The span ends with `body`; copying out of it is the caller's responsibility.
    package func withSpan<Result, Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Result) throws(Failure) -> Result {
        let bytes = unsafe UnsafeBufferPointer(storage.bindMemory(to: UInt8.self))
        return try unsafe body(Span(_unsafeElements: bytes))
    }
}

extension SecretBytes: Equatable {
    /// In constant time for equal lengths.
    package static func == (first: SecretBytes, second: SecretBytes) -> Bool {
        first.withSpan { first in second.withSpan { second in constantTimeEqual(first, second) } }
    }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "SecretBytes(redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
