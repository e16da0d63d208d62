import Glibc

/// A file system of a few hundred kilobytes, for as long as this object lives. Only root can have one.
final class SmallDisk {
    static var isPossible: Bool { geteuid() == 0 && SmallDisk(bytes: 4_096) != nil }

    private let scratch = Scratch()
    let path: String

    init?(bytes: Int) {
        path = scratch.file("mounted")
        guard unsafe mkdir(path, 0o700) == 0 else { return nil }
        guard unsafe mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)") == 0 else {
            unsafe rmdir(path)
            return nil
        }
    }

    deinit {
        unsafe umount2(path, Int32(MNT_DETACH))
        unsafe rmdir(path)
    }

    func fill(_ name: String, _ bytes: Int) {
        let descriptor = unsafe open("\(path)/\(name)", O_WRONLY | O_CREAT, 0o600)
        let content = [UInt8](repeating: 1, count: bytes)
        precondition(unsafe write(descriptor, content, bytes) == bytes)
        close(descriptor)
    }

    func remove(_ name: String) {
        precondition(unsafe unlink("\(path)/\(name)") == 0)
    }
}
