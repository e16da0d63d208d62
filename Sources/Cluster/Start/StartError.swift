import JOSE
import TrustStore
package import Crypto
package import Storage

/// Why a member does not start. Each description is one line that says what to do.
package enum StartError: Error, Sendable {
    case dataDirectoryUnusable(path: String, reason: String)
    case dataDirectoryInUse(path: String, holder: String)
    case notADataDirectory(path: String)
    case mixedDirectory(path: String)
    /// The cluster has refused an earlier run from this directory for good.
    case fenced(path: String, reason: String)
    case fileUnreadable(path: String, reason: String)
    case passphraseRequired
    case keystore(KeystoreError)
    case alreadyMember(cluster: String, path: String)
    case joinUnfinished(path: String)
    /// Something other than a join has not finished; `command` finishes it.
    case unfinished(path: String, command: String)
    case noMember(path: String)
    case notEmpty(path: String)
    /// For `member recover`.
    case nothingToRecover(path: String, reason: String)
    case backup(BackupError)
    /// The operator said no.
    case declined
    case joinTokenMalformed(reason: String)
    case joinTokenExpired(expiredAt: Int64)
    case joinRefused(address: String, reason: String)
    case joinUnreachable([String])
    case addressesTooMany(Int)
    case addressInvalid(String)
    case nameInvalid(String)
    case storage(StorageError)
    case crypto(CryptoError)
    /// The cluster has gone on to a level that this binary does not know.
    case binaryTooOld(needed: Int64, known: Int64)
    case internalFailure(String)
}

extension StartError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .dataDirectoryUnusable(let path, let reason):
            "the data directory \(path) cannot be used: \(reason)"
        case .dataDirectoryInUse(let path, let holder):
            "the data directory \(path) is in use by \(holder); stop that one first, or choose another --data"
        case .notADataDirectory(let path):
            "\(path) holds files of a member but no member.json, so it is not a whole data directory; put member.json back, or choose an empty --data"
        case .mixedDirectory(let path):
            "the files in \(path) belong to different members or clusters; put back those that belong together"
        case .fenced(let path, let reason): "the cluster does not take \(path) back: \(reason)"
        case .fileUnreadable(let path, let reason):
            "\(path) cannot be read: \(reason)"
        case .passphraseRequired:
            "the keystore is encrypted and no passphrase was given; use --keystore-passphrase-file, CREDENCE_KEYSTORE_PASSPHRASE, a systemd credential named credence.passphrase or a terminal, or start with --encrypt-keystore false"
        case .keystore(let error): error.description
        case .binaryTooOld(let needed, let known):
            "the cluster is at feature level \(needed), this binary knows \(known); install the version that the other members run"
        case .alreadyMember(let cluster, let path):
            "\(path) already belongs to cluster \(cluster); start without --join, or join with an empty --data"
        case .joinUnfinished(let path):
            "the join of \(path) has not finished; start it again with the same --join TOKEN"
        case .unfinished(let path, let command):
            "`\(command)` was interrupted in \(path); run it again, and it will be finished"
        case .noMember(let path): "\(path) holds no member"
        case .notEmpty(let path): "\(path) holds a member already; choose an empty --data, or remove that one with `credence member wipe`"
        case .nothingToRecover(let path, let reason): "\(path) is not to be recovered: \(reason)"
        case .backup(let error): error.description
        case .declined: "nothing was changed"
        case .joinTokenMalformed(let reason):
            "the join token is not whole (\(reason)); copy all of what `credence cluster add` printed"
        case .joinTokenExpired(let expiredAt):
            "the join token expired at \(RFC3339.text(expiredAt)); make a new one with `credence cluster add NAME`"
        case .joinRefused(let address, let reason):
            "\(address) refused the join: \(reason); if the token is wrong, used or too old, make a new one with `credence cluster add NAME`"
        case .joinUnreachable(let attempts):
            "no member named in the join token could be joined: \(attempts.joined(separator: "; "))"
        case .addressInvalid(let address):
            "\"\(address)\" is not an address; write HOST:PORT, for example 10.0.0.1:8443 or [::1]:8443"
        case .addressesTooMany(let count): "\(count) addresses are advertised, and a member has at most \(StateLimits.addressesMax); leave out some --advertise"
        case .nameInvalid(let name):
            "\"\(name)\" is not a member name: 1 to 64 visible characters that start and end with a letter or digit, without $ ? & + \" ' ` * /"
        case .storage(let error): error.description
        case .crypto(let error): "the crypto library failed: \(error)"
        case .internalFailure(let reason): reason
        }
    }
}

extension StartError {
    /// One of the errors that starting meets, as this boundary shows it.
    init(_ error: any Error, doing what: String) {
        self =
            switch error {
            case let error as StartError: error
            case let error as StorageError: .storage(error)
            case let error as KeystoreError: .keystore(error)
            case let error as CryptoError: .crypto(error)
            case let error as BackupError: .backup(error)
            default: .internalFailure("\(what): \(error)")
            }
    }
}
