internal import CSodium

/// Keys from passphrases (RFC 9106), as other programs' files need them; Credence's own come from scrypt.
package enum Argon2id {
    package struct Parameters: Equatable, Sendable {
        package let passes: Int
        package let memoryBytes: Int

        /// What libsodium calls interactive: two passes over 64 MiB, in one lane.
        package static let interactive = Parameters(passes: 2, memoryBytes: 64 << 20)

        package init(passes: Int, memoryBytes: Int) {
            self.passes = passes
            self.memoryBytes = memoryBytes
        }
    }

    package static let saltByteCount = 16
    package static let memoryBytesMax = 256 << 20
    package static let passesMax = 16
    package static let keyBytesMax = 128

    /// Version 1.3 with one lane. An empty passphrase is a passphrase: the file was made with it.
    package static func derive(
        passphrase: SecretBytes, salt: [UInt8], parameters: Parameters, count: Int
    ) throws(CryptoError) -> SecretBytes {
        guard salt.count == saltByteCount, (16...keyBytesMax).contains(count), (1...passesMax).contains(parameters.passes),
            (8_192...memoryBytesMax).contains(parameters.memoryBytes), passphrase.count <= Scrypt.passphraseBytesMax
        else { throw .outOfBounds(.derivationParameters) }
        Sodium.prepare()
        var done = false
        let key = unsafe SecretBytes(count: count) { key in
            passphrase.withSpan { passphrase in
                unsafe done = derive(passphrase, salt.span, parameters, into: key)
            }
        }
        guard done else { throw .library(operation: "argon2id", reason: "out of memory") }
        return key
    }

    private static func derive(
        _ passphrase: Span<UInt8>, _ salt: Span<UInt8>, _ parameters: Parameters, into key: UnsafeMutableRawBufferPointer
    ) -> Bool {
        unsafe passphrase.withUnsafeBytes { passphrase in
            unsafe salt.withUnsafeBufferPointer { salt in
                guard let output = unsafe key.bindMemory(to: UInt8.self).baseAddress, let salt = salt.baseAddress else { return false }
                // An empty passphrase may have no address, and libsodium wants one all the same.
                let text = unsafe passphrase.bindMemory(to: CChar.self).baseAddress ?? UnsafeRawPointer(salt).assumingMemoryBound(to: CChar.self)
                return unsafe crypto_pwhash(
                    output, UInt64(key.count), text, UInt64(passphrase.count), salt, UInt64(parameters.passes), parameters.memoryBytes,
                    crypto_pwhash_alg_argon2id13()) == 0
            }
        }
    }
}
