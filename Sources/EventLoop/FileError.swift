internal import CUV
internal import Glibc

/// What can go wrong with a file of ours. Each says what to do about it.
package enum FileError: Error, Equatable, Sendable {
    case notFound(path: String)
    case permissionDenied(path: String)
    /// The file holds more than its reader accepts.
    case tooLarge(path: String, bytesMax: Int)
    /// Others than its owner may read or write a file that holds a secret. `mode` as in chmod(1).
    case tooOpen(path: String, mode: UInt32)
    /// The path names a directory, a device or a socket.
    case notAFile(path: String)
    case diskFull(path: String)
    /// Anything else the kernel said. `code` is a positive `errno`.
    case system(operation: String, path: String, code: Int32)

    static func from(errno code: Int32, operation: String, path: String) -> FileError {
        switch code {
        case ENOENT, ENOTDIR: .notFound(path: path)
        case EACCES, EPERM: .permissionDenied(path: path)
        case ENOSPC, EDQUOT: .diskFull(path: path)
        case EISDIR: .notAFile(path: path)
        default: .system(operation: operation, path: path, code: code)
        }
    }
}

extension FileError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notFound(let path):
            "\(path) does not exist"
        case .permissionDenied(let path):
            "not permitted to use \(path); check its owner and mode, and the user this runs as"
        case .tooLarge(let path, let bytesMax):
            "\(path) is larger than \(bytesMax) bytes, so it is not the file expected here"
        case .tooOpen(let path, let mode):
            "\(path) holds a secret but has mode \(String(mode, radix: 8)); run: chmod 600 \(path)"
        case .notAFile(let path):
            "\(path) is not a regular file"
        case .diskFull(let path):
            "no space left to write \(path); free some and try again"
        case .system(let operation, let path, let code):
            "cannot \(operation) \(path): \(systemErrorText(code))"
        }
    }
}
