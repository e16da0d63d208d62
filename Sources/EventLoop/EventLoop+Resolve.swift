internal import CUV
internal import Glibc

extension EventLoop {
    /// A name may have many addresses; nobody tries more than these.
    package static let resolvedAddressesMax = 16

    /// The addresses of a host, in the system's order of preference, at least one. Reads numeric
    /// addresses without asking anybody.
    package func resolve(host: String, port: UInt16) async throws -> [SocketAddress] {
        if let address = SocketAddress(HostPort(host: host, port: port)) { return [address] }
        return try await runBlocking { try lookUp(host, port) }
    }
}

private func lookUp(_ host: String, _ port: UInt16) throws(EventLoopError) -> [SocketAddress] {
    guard !host.isEmpty, host.utf8.count <= 253, !host.utf8.contains(0) else {
        throw .nameNotResolved(host: host, reason: "it is not a host name")
    }
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var head: UnsafeMutablePointer<addrinfo>?
    let status = unsafe getaddrinfo(host, nil, &hints, &head)
    guard status == 0 else {
        let reason = unsafe String(cString: gai_strerror(status))
        throw .nameNotResolved(host: host, reason: reason)
    }
    defer { unsafe freeaddrinfo(head) }
    var found: [SocketAddress] = []
    var next = unsafe head
    while let entry = unsafe next, found.count < EventLoop.resolvedAddressesMax {
        let raw = unsafe UnsafeRawBufferPointer(start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
        if let address = unsafe SocketAddress(raw)?.withPort(port), !found.contains(address) { found.append(address) }
        unsafe next = entry.pointee.ai_next
    }
    guard !found.isEmpty else { throw .nameNotResolved(host: host, reason: "it has no IP address") }
    return found
}
