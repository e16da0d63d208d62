internal import Glibc
internal import Synchronization

/// Small files that only their owner may read: keys, certificates, settings. All calls block.
package enum PrivateFile {
    private static let temporaryNames = Atomic<UInt64>(0)

    /// The whole of a regular file of at most `bytesMax` bytes. With `requiringPrivacy`, a file that
    /// group or others may read or write is refused.
    package static func read(
        _ path: String, bytesMax: Int, requiringPrivacy: Bool = false
    ) throws(FileError) -> [UInt8] {
        // Without O_NONBLOCK, opening a FIFO would wait for its writer.
        let file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
        var information = stat()
        guard unsafe fstat(file.number, &information) == 0 else {
            throw .from(errno: errno, operation: "read", path: path)
        }
        guard information.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
        let mode = information.st_mode & 0o777
        if requiringPrivacy, mode & 0o077 != 0 { throw .tooOpen(path: path, mode: mode) }
        return try file.readAll(bytesMax: bytesMax, path: path)
    }

    /// Replaces the file as a whole: after a crash at any point it holds either the old bytes or the
    /// new ones, on disk when this returns. It has exactly `mode` from the first moment on.
    package static func write(_ bytes: borrowing Span<UInt8>, to path: String, mode: UInt32 = 0o600) throws(FileError) {
        let serial = temporaryNames.wrappingAdd(1, ordering: .relaxed).newValue
        let temporary = "\(path).new-\(getpid())-\(serial)"
        do throws(FileError) {
            try create(temporary, bytes, mode)
            guard unsafe rename(temporary, path) == 0 else {
                throw .from(errno: errno, operation: "replace", path: path)
            }
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        try synchronizeDirectory(of: path)
    }

    package static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o600) throws(FileError) {
        try write(bytes.span, to: path, mode: mode)
    }

    /// What `write` left beside a file when it was killed: nobody reads it, and it may hold what the file held.
    package static func removeTemporaries(of path: String) throws(FileError) {
        let parent = parentDirectory(of: path)
        guard let handle = unsafe opendir(parent) else {
            if errno == ENOENT { return }
            throw .from(errno: errno, operation: "list", path: parent)
        }
        defer { unsafe closedir(handle) }
        let prefix = "\(path.split(separator: "/").last ?? "").new-"
        while let entry = unsafe readdir(handle) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard name.hasPrefix(prefix), isNumbers(name.dropFirst(prefix.count)) else { continue }
            guard unsafe unlinkat(dirfd(handle), name, 0) == 0 || errno == ENOENT else {
                throw .from(errno: errno, operation: "remove", path: "\(parent)/\(name)")
            }
        }
    }

    /// Those of a process and of a write in it.
    private static func isNumbers(_ text: Substring) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { UInt64($0) != nil }
    }

    private static func create(_ path: String, _ bytes: borrowing Span<UInt8>, _ mode: UInt32) throws(FileError) {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
        // The umask may have taken bits away.
        guard fchmod(file.number, mode) == 0 else { throw .from(errno: errno, operation: "protect", path: path) }
        try file.writeAll(bytes, path: path)
        try file.synchronize(path: path)
    }

    /// A name is on disk only once its directory is.
    private static func synchronizeDirectory(of path: String) throws(FileError) {
        let parent = parentDirectory(of: path)
        try FileDescriptor.open(parent, O_RDONLY | O_DIRECTORY).synchronize(path: parent)
    }

    /// Makes a directory and those above it. One that exists keeps its mode.
    package static func makeDirectory(_ path: String, mode: UInt32 = 0o700) throws(FileError) {
        guard !path.utf8.contains(0) else { throw .notFound(path: path) }
        if unsafe mkdir(path, mode) == 0 { return try synchronizeDirectory(of: path) }
        switch errno {
        case EEXIST:
            var information = stat()
            guard unsafe stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
                throw .system(operation: "make directory", path: path, code: ENOTDIR)
            }
        case ENOENT where parentDirectory(of: path) != path:
            try makeDirectory(parentDirectory(of: path), mode: mode)
            guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else {
                throw .from(errno: errno, operation: "make directory", path: path)
            }
            try synchronizeDirectory(of: path)
        case let code:
            throw .from(errno: code, operation: "make directory", path: path)
        }
    }

    package static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0 && !path.utf8.contains(0)
    }

    /// Removes a file; one that is not there is fine.
    package static func remove(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw .from(errno: errno, operation: "remove", path: path)
        }
        try synchronizeDirectory(of: path)
    }

    private static func parentDirectory(of path: String) -> String {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }
}
