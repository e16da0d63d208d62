import Crypto

/// The key of a keystore without passphrase: 32 random bytes in a file of mode 0600.
enum KeyFile {
    /// An existing one is kept: a keystore may have been sealed with it.
    static func createIfMissing(path: String) throws(KeystoreError) {
        guard !PrivateFile.exists(path: path) else { return }
        do throws(PrivateFile.Failure) {
            try PrivateFile.create(path: path, bytes: SecureRandom.bytes(AESGCM.keyByteCount))
        } catch {
            throw .from(error, file: path)
        }
    }

    static func read(path: String) throws(KeystoreError) -> SecretBytes {
        let mode: UInt32
        let key: SecretBytes
        do throws(PrivateFile.Failure) {
            mode = try PrivateFile.mode(path: path)
            key = SecretBytes(try PrivateFile.read(path: path, bytesMax: AESGCM.keyByteCount))
        } catch {
            throw error.isMissing ? .keyFileMissing(file: path) : .from(error, file: path)
        }
        guard mode & 0o077 == 0 else { throw .keyFileExposed(file: path, mode: mode) }
        guard key.count == AESGCM.keyByteCount else { throw .damaged(file: path, what: "it is not 32 bytes long") }
        return key
    }
}
