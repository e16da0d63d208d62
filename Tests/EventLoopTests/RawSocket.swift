import EventLoop
import Glibc
import Testing

/// A listening socket without a loop, for peers that do not behave. Closing a Unix one leaves its
/// file. Not inherited: a process that some other test starts would keep it listening.
final class RawSocket: Sendable {
    let descriptor: Int32
    let address: SocketAddress

    init(listeningAt wanted: SocketAddress, backlog: Int32) throws {
        let made: (descriptor: Int32, address: SocketAddress?)
        switch wanted {
        case .unix(let path): made = (try Self.bindUnix(path), wanted)
        case .ipv4, .ipv6: made = try Self.bindLoopback()
        }
        try #require(listen(made.descriptor, backlog) == 0)
        descriptor = made.descriptor
        address = try #require(made.address)
    }

    deinit {
        _ = close(descriptor)
    }

    private static func bindUnix(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let status = unsafe withUnsafePointer(to: name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(status == 0)
        return descriptor
    }

    private static func bindLoopback() throws -> (Int32, SocketAddress?) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, size) == 0 ? unsafe getsockname(descriptor, $0, &size) : -1
            }
        }
        try #require(status == 0)
        return (descriptor, .loopback(port: UInt16(bigEndian: name.sin_port)))
    }
}
