import Glibc

/// Files that only their owner may read. Few enough calls that the event loop's are not needed here.
enum PrivateFile {
    /// Which call failed and the kernel's number for why.
    struct Failure: Error, CustomStringConvertible {
        let call: String
        let code: Int32
        var isMissing: Bool { code == ENOENT }
        var exists: Bool { code == EEXIST }
        var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }
        var description: String { "\(call): errno \(code)" }
    }

    static func exists(path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// An empty file if there is none; SQLite would make it readable by others.
    static func createEmpty(path: String) throws(Failure) {
        let descriptor = try checked("open") { unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        close(descriptor)
    }

    /// The permission bits of a file.
    static func mode(path: String) throws(Failure) -> UInt32 {
        var information = stat()
        _ = try checked("stat") { unsafe stat(path, &information) }
        return information.st_mode & 0o777
    }

    static func read(path: String, bytesMax: Int) throws(Failure) -> [UInt8] {
        let descriptor = try checked("open") { unsafe open(path, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        // One byte more than allowed tells "too large" from "just fits".
        var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
        var filled = 0
        while filled < bytes.count {
            let count = unsafe bytes[filled...].withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Failure(call: "read", code: errno) }
            if count == 0 { break }
            filled += count
        }
        guard filled <= bytesMax else { throw Failure(call: "read", code: EFBIG) }
        bytes.removeSubrange(filled...)
        return bytes
    }

    /// A new file with these bytes, or none: it gets its name only once it is wholly on the disk, and
    /// never takes the name from another.
    static func create(path: String, bytes: [UInt8]) throws(Failure) {
        try place(bytes, at: path) { temporary throws(Failure) in
            _ = try checked("link") { unsafe link(temporary, path) }
            unsafe unlink(temporary)
        }
    }

    /// The same for a file that may exist: whoever looks finds the old bytes or the new ones.
    static func replace(path: String, bytes: [UInt8]) throws(Failure) {
        try place(bytes, at: path) { temporary throws(Failure) in
            _ = try checked("rename") { unsafe rename(temporary, path) }
        }
    }

    /// Where new bytes lie until they get the file's name. A kill in between leaves them there.
    static func temporary(of path: String) -> String { "\(path).new" }

    private static func place(
        _ bytes: [UInt8], at path: String, naming: (_ temporary: String) throws(Failure) -> Void
    ) throws(Failure) {
        let temporary = temporary(of: path)
        // What an interrupted attempt left behind; it never had the name.
        unsafe unlink(temporary)
        try write(bytes, toNew: temporary)
        do throws(Failure) {
            try naming(temporary)
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        try syncDirectory(of: path)
    }

    private static func write(_ bytes: [UInt8], toNew path: String) throws(Failure) {
        let descriptor = try checked("open") { unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
        defer { close(descriptor) }
        do throws(Failure) {
            // The umask may have taken more away, never added; make it what was asked for.
            _ = try checked("fchmod") { fchmod(descriptor, 0o600) }
            var written = 0
            while written < bytes.count {
                written += try checked("write") {
                    unsafe bytes[written...].withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
                }
            }
            _ = try checked("fsync") { fsync(descriptor) }
        } catch {
            unsafe unlink(path)
            throw error
        }
    }

    static func openForWriting(path: String) throws(Failure) -> Int32 {
        try checked("open") { unsafe open(path, O_RDWR | O_CLOEXEC) }
    }

    /// In place and durable when this returns.
    static func overwrite(_ descriptor: Int32, bytes: [UInt8], at offset: Int) throws(Failure) {
        var written = 0
        while written < bytes.count {
            written += try checked("pwrite") {
                unsafe bytes[written...].withUnsafeBytes {
                    unsafe pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset + written))
                }
            }
        }
        _ = try checked("fdatasync") { fdatasync(descriptor) }
    }

    static func makeDirectory(path: String) throws(Failure) {
        guard unsafe mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw Failure(call: "mkdir", code: errno)
    }

    static func size(path: String) throws(Failure) -> UInt64 {
        var information = stat()
        _ = try checked("stat") { unsafe stat(path, &information) }
        return UInt64(max(0, information.st_size))
    }

    static func sync(path: String) throws(Failure) {
        let descriptor = try checked("open") { unsafe open(path, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        _ = try checked("fsync") { fsync(descriptor) }
    }

    static func setMode(path: String) throws(Failure) {
        _ = try checked("chmod") { unsafe chmod(path, 0o600) }
    }

    /// The new name is durable when this returns.
    static func move(_ path: String, to other: String) throws(Failure) {
        _ = try checked("rename") { unsafe rename(path, other) }
        try syncDirectory(of: other)
    }

    /// One that is not there is removed already.
    static func remove(path: String) throws(Failure) {
        guard unsafe unlink(path) != 0, errno != ENOENT else { return }
        throw Failure(call: "unlink", code: errno)
    }

    /// Whether the name itself is a symbolic link, wherever that leads.
    static func isLink(path: String) -> Bool {
        var information = stat()
        return unsafe lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFLNK
    }

    /// Removes files from a directory, and never from one that a link of its name leads to.
    ///
    /// - Throws: `ENOTDIR` for a link, `ENOENT` when there is nothing of that name.
    static func removeFiles(in directory: String, where isMeant: (String) -> Bool) throws(Failure) {
        let descriptor = try checked("open") { unsafe open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        guard let handle = unsafe fdopendir(descriptor) else {
            let code = errno
            close(descriptor)
            throw Failure(call: "fdopendir", code: code)
        }
        // With the descriptor.
        defer { unsafe closedir(handle) }
        for name in unsafe names(handle) where isMeant(name) {
            guard unsafe unlinkat(descriptor, name, 0) != 0, errno != ENOENT else { continue }
            throw Failure(call: "unlink", code: errno)
        }
    }

    /// An empty one; one that is not there is removed already, and one that is not empty stays.
    static func removeDirectory(path: String) throws(Failure) {
        guard unsafe rmdir(path) != 0, errno != ENOENT, errno != ENOTEMPTY else { return }
        throw Failure(call: "rmdir", code: errno)
    }

    private static func names(_ handle: OpaquePointer) -> [String] {
        var names: [String] = []
        while let entry = unsafe readdir(handle) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Up to `countMax` bytes from `offset` on; fewer at the end.
    static func read(path: String, from offset: UInt64, countMax: Int) throws(Failure) -> [UInt8] {
        let descriptor = try checked("open") { unsafe open(path, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: countMax)
        var filled = 0
        while filled < countMax {
            let count = try checked("pread") {
                unsafe bytes[filled...].withUnsafeMutableBytes {
                    unsafe pread(descriptor, $0.baseAddress, $0.count, off_t(offset) + off_t(filled))
                }
            }
            if count == 0 { break }
            filled += count
        }
        bytes.removeSubrange(filled...)
        return bytes
    }

    /// Writes at `offset`, which is where the file ends.
    static func append(path: String, bytes: [UInt8], at offset: UInt64) throws(Failure) {
        let descriptor = try checked("open") { unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            written += try checked("pwrite") {
                unsafe bytes[written...].withUnsafeBytes {
                    unsafe pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset) + off_t(written))
                }
            }
        }
    }

    /// Copies a part of a file into a new one, which is wholly on the disk when this returns.
    ///
    /// - Parameter each: told every piece, in order.
    static func copy(
        _ path: String, from offset: UInt64, byteCount: UInt64, toNew other: String, each: ([UInt8]) -> Void
    ) throws(Failure) {
        let target = try checked("open") { unsafe open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
        defer { close(target) }
        var done: UInt64 = 0
        while done < byteCount {
            let piece = try read(path: path, from: offset + done, countMax: Int(min(1 << 20, byteCount - done)))
            guard !piece.isEmpty else { throw Failure(call: "read", code: EIO) }
            each(piece)
            var written = 0
            while written < piece.count {
                written += try checked("write") {
                    unsafe piece[written...].withUnsafeBytes { unsafe Glibc.write(target, $0.baseAddress, $0.count) }
                }
            }
            done += UInt64(piece.count)
        }
        _ = try checked("fsync") { fsync(target) }
        try syncDirectory(of: other)
    }

    /// A file whose bytes all have their place on the disk.
    static func allocate(path: String, byteCount: UInt64) throws(Failure) {
        let descriptor = try checked("open") { unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        defer { close(descriptor) }
        // Answers with the number itself and leaves errno alone.
        let code = posix_fallocate(descriptor, 0, off_t(byteCount))
        guard code == 0 else { throw Failure(call: "posix_fallocate", code: code) }
    }

    /// A name is durable only once its directory is.
    static func syncDirectory(of path: String) throws(Failure) {
        let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = try checked("open") { unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        defer { close(descriptor) }
        _ = try checked("fsync") { fsync(descriptor) }
    }

    /// Repeats a call that a signal interrupted; anything else negative is a failure.
    static func checked<Result: SignedInteger>(_ call: String, _ body: () -> Result) throws(Failure) -> Result {
        while true {
            let result = body()
            if result >= 0 { return result }
            // fsync is not repeated either way: EINTR is not among its errors on Linux.
            if errno != EINTR { throw Failure(call: call, code: errno) }
        }
    }
}
