internal import Glibc
internal import Synchronization

/// Why a directory could not be locked.
package enum ProcessLockError: Error, Equatable, Sendable, CustomStringConvertible {
    /// `process` is nil when the holder has not written its number yet.
    case held(process: Int32?, path: String)
    case file(FileError)

    package var description: String {
        switch self {
        case .held(let process?, let path):
            "\(path) is held by process \(process), which uses the same directory; stop it first or choose another directory"
        case .held(nil, let path):
            "\(path) is held by another process, which uses the same directory; stop it first or choose another directory"
        case .file(let error):
            error.description
        }
    }
}

/// One process's exclusive use of a directory. The kernel releases it when the process ends,
/// however it ends, so a file left behind locks nobody out (flock(2)).
package final class ProcessLock: Sendable {
    private let descriptor: Atomic<Int32>
    /// Fits any process number with its newline.
    private static let contentBytesMax = 16

    private init(_ descriptor: Int32) {
        self.descriptor = Atomic(descriptor)
    }

    deinit {
        release()
    }

    /// Takes the lock of `directory`, which must exist, without waiting.
    package static func acquire(directory: String) throws(ProcessLockError) -> ProcessLock {
        let path = directory + "/lock"
        let outcome: Outcome
        do throws(FileError) {
            outcome = try attempt(path)
        } catch {
            throw .file(error)
        }
        switch outcome {
        case .taken(let lock): return lock
        case .held(let process): throw .held(process: process, path: path)
        }
    }

    private enum Outcome {
        case taken(ProcessLock)
        case held(by: Int32?)
    }

    private static func attempt(_ path: String) throws(FileError) -> Outcome {
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        if flock(file.number, LOCK_EX | LOCK_NB) == 0 {
            guard ftruncate(file.number, 0) == 0 else { throw .from(errno: errno, operation: "write", path: path) }
            try file.writeAll(Array("\(getpid())\n".utf8).span, path: path)
            return .taken(ProcessLock(file.release()))
        }
        guard errno == EWOULDBLOCK else { throw .from(errno: errno, operation: "lock", path: path) }
        let text = try file.readAll(bytesMax: contentBytesMax, path: path)
        return .held(by: Int32(String(decoding: text.dropLast(), as: UTF8.self)))
    }

    package func release() {
        let taken = descriptor.exchange(-1, ordering: .acquiringAndReleasing)
        guard taken >= 0 else { return }
        // Unlocked by name: a child between fork and exec still holds a copy of the descriptor, and
        // closing ours alone would leave the lock with it.
        _ = flock(taken, LOCK_UN)
        _ = close(taken)
    }
}
