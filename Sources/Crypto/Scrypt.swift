internal import COpenSSL

/// Keys from passphrases (RFC 7914).
package enum Scrypt {
    package struct Parameters: Equatable, Sendable {
        /// Cost: 2^logN iterations.
        package let logN: Int
        /// Block size, in units of 128 bytes.
        package let r: Int
        /// How many independent mixes.
        package let p: Int

        /// For new keys: 32 MiB and about a quarter of a second on a small machine.
        package static let standard = Parameters(logN: 15, r: 8, p: 3)

        package init(logN: Int, r: Int, p: Int) {
            self.logN = logN
            self.r = r
            self.p = p
        }
    }

    /// Memory that one derivation may take. Parameters come from a file, and a changed file must not become
    /// a way to exhaust the machine.
    package static let memoryBytesMax = 256 << 20
    package static let saltBytesMax = 64
    package static let keyBytesMax = 128
    package static let passphraseBytesMax = 64 << 10

    package static func derive(
        passphrase: SecretBytes, salt: [UInt8], parameters: Parameters, count: Int
    ) throws(CryptoError) -> SecretBytes {
        guard (1...20).contains(parameters.logN), (1...32).contains(parameters.r), (1...16).contains(parameters.p),
            128 * parameters.r << parameters.logN <= memoryBytesMax,
            (1...saltBytesMax).contains(salt.count), (1...keyBytesMax).contains(count),
            (1...passphraseBytesMax).contains(passphrase.count)
        else { throw .outOfBounds(.derivationParameters) }
        OpenSSLErrorQueue.clear()
        var done = false
        let key = unsafe SecretBytes(count: count) { key in
            passphrase.withSpan { passphrase in
                unsafe done = derive(passphrase, salt.span, parameters, into: key)
            }
        }
        guard done else { throw OpenSSLErrorQueue.drain("scrypt") }
        return key
    }

    private static func derive(
        _ passphrase: Span<UInt8>, _ salt: Span<UInt8>, _ parameters: Parameters, into key: UnsafeMutableRawBufferPointer
    ) -> Bool {
        unsafe passphrase.withUnsafeBytes { passphrase in
            unsafe salt.withUnsafeBufferPointer { salt in
                // Twice the bound: OpenSSL counts its bookkeeping too, and the exact bound was checked above.
                unsafe EVP_PBE_scrypt(
                    passphrase.bindMemory(to: CChar.self).baseAddress, passphrase.count,
                    salt.baseAddress, salt.count,
                    1 << UInt64(parameters.logN), UInt64(parameters.r), UInt64(parameters.p),
                    UInt64(memoryBytesMax) * 2, key.bindMemory(to: UInt8.self).baseAddress, key.count) == 1
            }
        }
    }
}
