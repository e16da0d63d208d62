package import Crypto

/// What opens a keystore.
package enum KeystoreLock: Sendable {
    /// 1 byte to `Scrypt.passphraseBytesMax`.
    case passphrase(SecretBytes)
    /// A file of 32 random bytes, mode 0600, beside the keystore: no protection against who can read
    /// the directory, only against who gets the keystore alone.
    case keyFile(path: String)
}
