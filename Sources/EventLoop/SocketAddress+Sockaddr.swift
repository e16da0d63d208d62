internal import CUV
internal import Glibc

extension SocketAddress {
    /// The socket family, for calls that make a socket.
    var family: Int32 {
        switch self {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// Lends the kernel's form of the address for the duration of `body`.
    /// A Unix path must have been checked with `isUnixPath`; a longer one is cut here.
    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        return unsafe withUnsafeMutableBytes(of: &storage) { raw in
            let base = raw.baseAddress!
            let length = unsafe fill(base)
            return unsafe body(UnsafePointer(base.assumingMemoryBound(to: sockaddr.self)), length)
        }
    }

    private func fill(_ base: UnsafeMutableRawPointer) -> socklen_t {
        switch self {
        case .ipv4(let host, let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = host.bits.bigEndian
            unsafe base.storeBytes(of: address, as: sockaddr_in.self)
            return socklen_t(MemoryLayout<sockaddr_in>.size)
        case .ipv6(let host, let port):
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_addr = unsafe unsafeBitCast((host.high.bigEndian, host.low.bigEndian), to: in6_addr.self)
            address.sin6_scope_id = host.scope
            unsafe base.storeBytes(of: address, as: sockaddr_in6.self)
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        case .unix(let path):
            let bytes = Array(path.utf8.prefix(Self.unixPathBytesMax))
            unsafe base.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
            let offset = MemoryLayout<sa_family_t>.size
            for (index, byte) in bytes.enumerated() {
                unsafe base.storeBytes(of: byte, toByteOffset: offset + index, as: UInt8.self)
            }
            return socklen_t(offset + bytes.count + 1)
        }
    }

    /// Nil for a family we do not use, and for a Unix socket without a path (a client's own end).
    init?(_ raw: UnsafeRawBufferPointer) {
        guard raw.count >= MemoryLayout<sa_family_t>.size else { return nil }
        let family = Int32(unsafe raw.loadUnaligned(as: sa_family_t.self))
        switch family {
        case AF_INET where raw.count >= MemoryLayout<sockaddr_in>.size:
            let address = unsafe raw.loadUnaligned(as: sockaddr_in.self)
            self = .ipv4(IPv4Host(bits: UInt32(bigEndian: address.sin_addr.s_addr)), port: UInt16(bigEndian: address.sin_port))
        case AF_INET6 where raw.count >= MemoryLayout<sockaddr_in6>.size:
            let address = unsafe raw.loadUnaligned(as: sockaddr_in6.self)
            let words = unsafe unsafeBitCast(address.sin6_addr, to: (UInt64, UInt64).self)
            let host = IPv6Host(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1), scope: address.sin6_scope_id)
            self = .ipv6(host, port: UInt16(bigEndian: address.sin6_port))
        case AF_UNIX:
            let path = unsafe Array(raw.dropFirst(MemoryLayout<sa_family_t>.size).prefix { $0 != 0 })
            guard !path.isEmpty else { return nil }
            self = .unix(path: String(decoding: path, as: UTF8.self))
        default:
            return nil
        }
    }

    static func ofPeer(_ descriptor: Int32) -> SocketAddress? {
        unsafe read { address, size in unsafe getpeername(descriptor, address, size) }
    }

    static func ofSelf(_ descriptor: Int32) -> SocketAddress? {
        unsafe read { address, size in unsafe getsockname(descriptor, address, size) }
    }

    private static func read(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketAddress? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutableBytes(of: &storage) { raw in
            let status = unsafe call(raw.baseAddress!.assumingMemoryBound(to: sockaddr.self), &size)
            guard status == 0 else { return nil }
            let used = min(Int(size), raw.count)
            return unsafe SocketAddress(UnsafeRawBufferPointer(rebasing: raw[..<used]))
        }
    }
}
