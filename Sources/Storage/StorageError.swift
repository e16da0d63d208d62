package import Raft

/// Why the disk did not do what was asked. Each description ends with what an operator can do.
package enum StorageError: Error, Equatable, Sendable {
    case missing(file: String)
    case alreadyExists(file: String)
    /// Of a directory in which a member removes what it made.
    case isLink(file: String)
    /// No space left. Nothing was written; the same call succeeds once there is space again.
    case diskFull(file: String)
    /// The device or file system failed. Final for this process: after a failed fsync the kernel may
    /// call pages clean that never reached the disk, so a later success would prove nothing (docs/consensus.md §10).
    case ioError(file: String, what: String)
    /// What is stored is not what was written.
    case corrupt(file: String, index: LogIndex?, what: String)
    /// The same of the audit archive, without which the member goes on.
    case archiveDamaged(file: String, index: LogIndex?, what: String)
    case inUse(file: String)
    case wrongCluster(file: String, expected: String, found: String)
    case wrongMember(file: String, expected: String, found: String)
    case unsupportedVersion(file: String, found: String, supported: Int)
    /// The caller's operations do not fit the log; nothing was written.
    case outOfOrder(expected: LogIndex, found: LogIndex)
    case closed(file: String)

    /// Whether the store must be opened anew before it may be written to again.
    var isFinal: Bool {
        switch self {
        case .ioError, .corrupt, .archiveDamaged, .outOfOrder, .closed: true
        case .missing, .alreadyExists, .isLink, .diskFull, .inUse, .wrongCluster, .wrongMember, .unsupportedVersion: false
        }
    }
}

extension StorageError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let file):
            "\(file) is missing; restore the whole data directory, or remove it and join the cluster as a new member"
        case .alreadyExists(let file):
            "\(file) exists; the directory belongs to a member already, choose an empty one"
        case .isLink(let file):
            "\(file) is a symbolic link, and a member must not remove files where it leads; remove the link, and mount another disk there if need be"
        case .diskFull(let file):
            "no space left for \(file); free some, the member goes on by itself"
        case .ioError(let file, let what):
            "\(file) cannot be read or written (\(what)); check the disk, then restart the member"
        case .corrupt(let file, let index, let what):
            "\(file) is damaged\(index.map { " at entry \($0)" } ?? ""): \(what); "
                + "do not edit it; remove the member (`credence cluster remove`), empty the data directory, and join again"
        case .archiveDamaged(let file, let index, let what):
            "the audit archive \(file) is damaged\(index.map { " at entry \($0)" } ?? ""): \(what); the member goes on without it: "
                + "keep the file elsewhere, move it out of the data directory and restart, and a new archive begins where the log does"
        case .inUse(let file):
            "\(file) is used by another process; stop that one first"
        case .wrongCluster(let file, let expected, let found):
            "\(file) belongs to cluster \(found), not \(expected); put back the files of this member"
        case .wrongMember(let file, let expected, let found):
            "\(file) belongs to member \(found), not \(expected); a member's files cannot be given to another one"
        case .unsupportedVersion(let file, let found, let supported):
            "\(file) has format \(found), this binary reads up to \(supported); use the newer binary that wrote it"
        case .outOfOrder(let expected, let found):
            "the log expected entry \(expected) and was given \(found); this is a bug, please report it"
        case .closed(let file):
            "\(file) is closed"
        }
    }
}
