internal import Glibc

/// An open file that closes itself.
struct FileDescriptor: ~Copyable {
    let number: Int32

    private init(owning number: Int32) {
        self.number = number
    }

    /// `mode` is what a created file gets, less the umask.
    static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(FileError) -> FileDescriptor {
        guard !path.utf8.contains(0) else { throw .notFound(path: path) }
        let number = unsafe Glibc.open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else { throw .from(errno: errno, operation: "open", path: path) }
        return FileDescriptor(owning: number)
    }

    deinit {
        _ = close(number)
    }

    /// Hands the duty to close it to the caller.
    consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }

    /// Everything from the current position on, at most `bytesMax` bytes.
    func readAll(bytesMax: Int, path: String) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(max(bytesMax, 1), 64 * 1024))
        while true {
            let count = unsafe read(number, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw .from(errno: errno, operation: "read", path: path)
            }
            guard bytes.count + count <= bytesMax else { throw .tooLarge(path: path, bytesMax: bytesMax) }
            bytes += chunk[..<count]
        }
    }

    func writeAll(_ bytes: borrowing Span<UInt8>, path: String) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(written..<bytes.count)
            let count = unsafe rest.withUnsafeBufferPointer { unsafe write(number, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .from(errno: errno, operation: "write", path: path)
            }
            written += count
        }
    }

    /// After a failure the kernel may have dropped the data: the caller must not try again and
    /// believe the second answer (fsync(2), Linux).
    func synchronize(path: String) throws(FileError) {
        guard fsync(number) == 0 else { throw .from(errno: errno, operation: "sync", path: path) }
    }
}
