package import Crypto

/// Why the keystore gives no keys. Nothing on disk was changed.
package enum KeystoreError: Error, Equatable, Sendable {
    case missing(file: String)
    case alreadyExists(file: String)
    case wrongPassphrase(file: String)
    /// The keystore was made with a passphrase, and a key file was offered.
    case passphraseRequired(file: String)
    /// The keystore was made without a passphrase, and one was offered.
    case notEncrypted(file: String)
    case keyFileMissing(file: String)
    /// Others may read the key file; `mode` is its permission bits.
    case keyFileExposed(file: String, mode: UInt32)
    /// The key file is not the one the keystore was made with.
    case wrongKeyFile(file: String)
    case damaged(file: String, what: String)
    case unsupportedVersion(file: String, found: Int64)
    /// The cluster is known already; a join is finished once.
    case alreadyMember(file: String)
    case diskFull(file: String)
    case ioError(file: String, what: String)
    case crypto(CryptoError)
}

extension KeystoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let file): "\(file) is missing; restore the data directory, or join again as a new member"
        case .alreadyExists(let file): "\(file) exists; choose an empty data directory"
        case .wrongPassphrase(let file): "the passphrase does not open \(file); nothing was changed, try again with the right one"
        case .passphraseRequired(let file):
            "\(file) is encrypted; give its passphrase with --keystore-passphrase-file or CREDENCE_KEYSTORE_PASSPHRASE"
        case .notEncrypted(let file): "\(file) was made with --encrypt-keystore false; start with that option and without a passphrase"
        case .keyFileMissing(let file): "\(file) is missing; without it the keystore cannot be opened, restore it"
        case .keyFileExposed(let file, let mode):
            "\(file) has mode 0\(String(mode, radix: 8)), so others may have read it; make it 0600 if you are sure that nobody did"
        case .wrongKeyFile(let file): "\(file) does not open this keystore; put back the one it was made with"
        case .damaged(let file, let what): "\(file) is damaged (\(what)); restore it, or join again as a new member"
        case .unsupportedVersion(let file, let found):
            "\(file) has format \(found), this binary reads \(KeystoreFile.version); use the newer binary that wrote it"
        case .alreadyMember(let file): "\(file) names its cluster already"
        case .diskFull(let file): "no space left for \(file); free some and start again"
        case .ioError(let file, let what): "\(file) cannot be read or written (\(what))"
        case .crypto(let error): "the keystore cannot be opened: \(error)"
        }
    }

    static func from(_ failure: PrivateFile.Failure, file: String) -> KeystoreError {
        if failure.isMissing { return .missing(file: file) }
        if failure.exists { return .alreadyExists(file: file) }
        if failure.isDiskFull { return .diskFull(file: file) }
        return .ioError(file: file, what: failure.description)
    }
}
