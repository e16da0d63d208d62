package import Crypto
import EventLoop
import Storage

/// Changes the passphrase of a stopped member's keystore, or whether it has one.
package struct Rekeying {
    package var dataDirectory: String

    package init(dataDirectory: String) {
        self.dataDirectory = dataDirectory
    }

    /// Whether the passphrase in force has to be asked for.
    package func isEncrypted() throws(StartError) -> Bool {
        let directory = try DataDirectory(existing: dataDirectory)
        defer { directory.release() }
        do throws(KeystoreError) {
            return try Keystore.isEncrypted(path: directory.keystorePath)
        } catch {
            throw .keystore(error)
        }
    }

    /// Blocks. A crash leaves the keystore under the old passphrase or the new one, as a whole.
    ///
    /// - Parameters:
    ///   - old: the passphrase in force; nil when there is none.
    ///   - new: nil keeps the key in a file beside the keystore.
    package func run(from old: SecretBytes?, to new: SecretBytes?) throws(StartError) {
        let directory = try DataDirectory(existing: dataDirectory)
        defer { directory.release() }
        let keyFile = KeystoreLock.keyFile(path: directory.keyFilePath)
        do throws(KeystoreError) {
            let isEncrypted = try Keystore.isEncrypted(path: directory.keystorePath)
            if isEncrypted, old == nil { throw .passphraseRequired(file: directory.keystorePath) }
            try Keystore.rekey(
                path: directory.keystorePath, keyFilePath: directory.keyFilePath, from: isEncrypted ? old.map { .passphrase($0) } ?? keyFile : keyFile,
                to: new.map { .passphrase($0) } ?? keyFile)
        } catch {
            throw .keystore(error)
        }
        try directory.removeTemporaries()
    }
}
