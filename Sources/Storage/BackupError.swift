/// Why a backup cannot be used. Nothing was changed.
package enum BackupError: Error, Equatable, Sendable {
    case unreadable(file: String, what: String)
    /// Not a backup at all.
    case unknown(file: String)
    case unsupportedVersion(file: String, found: String)
    case truncated(file: String, byteCount: UInt64, expected: UInt64)
    case damaged(file: String, what: String)
    case wrongPassphrase(file: String)
    case passphraseRequired(file: String)
    case diskFull(file: String)
    case storage(StorageError)
}

extension BackupError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let file, let what): "\(file) cannot be read: \(what)"
        case .unknown(let file): "\(file) is no backup made by `credence snapshot save`"
        case .unsupportedVersion(let file, let found):
            "\(file) is a backup of format \(found), this binary reads \(BackupManifest.version); use the newer binary that wrote it"
        case .truncated(let file, let byteCount, let expected):
            "\(file) is cut short or damaged: it has \(byteCount) bytes where it says that it has \(expected); use another backup"
        case .damaged(let file, let what): "\(file) is damaged: \(what); use another backup"
        case .wrongPassphrase(let file):
            "the passphrase does not open the data key in \(file): it is that of the keystore of the member that made it, at that time, "
                + "or the one given to `credence snapshot save`; nothing was changed"
        case .passphraseRequired(let file):
            "the data key in \(file) is sealed, and no passphrase was given; use --snapshot-passphrase-file"
        case .diskFull(let file): "no space left for \(file); free some and try again"
        case .storage(let error): error.description
        }
    }
}
