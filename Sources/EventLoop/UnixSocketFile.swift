internal import CUV
internal import Glibc

/// A bound Unix socket and the file that names it.
struct UnixSocketFile {
    let path: String
    /// Not listening yet. Whoever binds it passes it on; this type never closes it after that.
    let descriptor: Int32
    private let device: dev_t
    private let inode: ino_t

    /// Binds `path`, replacing a socket that nobody serves any more, and never anything else.
    static func bind(_ path: String, mode: UInt32) throws(EventLoopError) -> UnixSocketFile {
        guard SocketAddress.isUnixPath(path) else { throw .malformedAddress("unix:\(path)") }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .from(status: -errno, operation: "listen on", target: "unix:\(path)") }
        do throws(EventLoopError) {
            return try bind(descriptor, path, mode)
        } catch {
            _ = Glibc.close(descriptor)
            throw error
        }
    }

    private static func bind(_ descriptor: Int32, _ path: String, _ mode: UInt32) throws(EventLoopError) -> UnixSocketFile {
        let address = SocketAddress.unix(path: path)
        // Linux creates the file with the socket's own mode less the umask (unix_bind), so it is
        // never open to more than asked, not even until the chmod below undoes the umask.
        fchmod(descriptor, mode)
        var status = unsafe address.withSockaddr { unsafe Glibc.bind(descriptor, $0, $1) }
        if status != 0, errno == EADDRINUSE {
            try removeStaleSocket(at: address, path)
            status = unsafe address.withSockaddr { unsafe Glibc.bind(descriptor, $0, $1) }
        }
        guard status == 0, unsafe chmod(path, mode) == 0 else {
            throw .from(status: -errno, operation: "listen on", target: address.description)
        }
        var information = stat()
        guard unsafe lstat(path, &information) == 0 else {
            throw .from(status: -errno, operation: "listen on", target: address.description)
        }
        return UnixSocketFile(path: path, descriptor: descriptor, device: information.st_dev, inode: information.st_ino)
    }

    /// A refused connection is the kernel's word that no process listens behind the file.
    private static func removeStaleSocket(at address: SocketAddress, _ path: String) throws(EventLoopError) {
        var information = stat()
        let isSocket = unsafe lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFSOCK
        guard isSocket else { throw .addressInUse(address.description) }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw .from(status: -errno, operation: "check", target: address.description) }
        defer { _ = Glibc.close(probe) }
        let status = unsafe address.withSockaddr { unsafe Glibc.connect(probe, $0, $1) }
        guard status != 0, errno == ECONNREFUSED else { throw .addressInUse(address.description) }
        _ = unsafe unlink(path)
    }

    /// Unless somebody else has put another file there meanwhile.
    func remove() {
        var information = stat()
        guard unsafe lstat(path, &information) == 0,
              information.st_dev == device, information.st_ino == inode
        else { return }
        _ = unsafe unlink(path)
    }
}
