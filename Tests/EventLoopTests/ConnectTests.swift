import EventLoop
import Glibc
import Testing

@Suite("Connecting", .timeLimit(.minutes(5)))
struct ConnectTests {
    @Test("to nobody is refused with the address named, later and once", arguments: Family.allCases)
    func refused(family: Family) async throws {
        try await onLoop { loop in
            let directory = try TemporaryDirectory()
            let address = try abandonedAddress(family, directory)
            let results = Events<(error: EventLoopError?, inside: Bool)>()
            let inside = Flag()
            inside.isSet = true
            ByteStream.connect(to: address, on: loop, timeout: .seconds(30)) { result in
                if case .failure(let error) = result { results.send((error, inside.isSet)) } else { results.send((nil, inside.isSet)) }
            }
            inside.isSet = false
            let result = await results.next()
            #expect(result.error == .connectionRefused(address.description))
            #expect(!result.inside)
        }
    }

    @Test("to a path that does not exist says so")
    func missingPath() async throws {
        try await onLoop { loop in
            let directory = try TemporaryDirectory()
            let address = SocketAddress.unix(path: directory.path + "/nobody")
            let error = await #expect(throws: EventLoopError.self) {
                _ = try await ByteStream.connect(to: address, on: loop, timeout: .seconds(30))
            }
            #expect(error == .system(operation: "connect to", target: address.description, code: ENOENT))
        }
    }

    @Test("to a path longer than the kernel's is refused, not cut to another path")
    func longPath() async throws {
        try await onLoop { loop in
            let address = SocketAddress.unix(path: "/tmp/" + String(repeating: "a", count: 200))
            let error = await #expect(throws: EventLoopError.self) {
                _ = try await ByteStream.connect(to: address, on: loop, timeout: .seconds(30))
            }
            #expect(error == .malformedAddress(address.description))
        }
    }

    @Test("gives up at its time limit, naming the address")
    func timeout() async throws {
        try await onLoop { loop in
            // A queue for one connection, which is taken: Linux answers no further SYN (listen(2)).
            let silent = try RawSocket(listeningAt: .loopback(port: 0), backlog: 0)
            let first = try await ByteStream.connect(to: silent.address, on: loop, timeout: .seconds(30))
            let error = await #expect(throws: EventLoopError.self) {
                _ = try await ByteStream.connect(to: silent.address, on: loop, timeout: .milliseconds(20))
            }
            #expect(error == .connectTimedOut(silent.address.description, after: .milliseconds(20)))
            first.close()
        }
    }

    @Test("ends with streamNotOpen when the attempt is closed")
    func givenUp() async throws {
        try await onLoop { loop in
            let listening = try RawSocket(listeningAt: .loopback(port: 0), backlog: 8)
            let results = Events<EventLoopError?>()
            let stream = ByteStream.connect(to: listening.address, on: loop, timeout: .seconds(30)) { result in
                if case .failure(let error) = result { results.send(error) } else { results.send(nil) }
            }
            stream.onClose = { _ in Issue.record("onClose is for streams that were open") }
            #expect(!stream.isOpen)
            stream.close()
            #expect(await results.next() == .streamNotOpen)
            await Task.yield()
            #expect(results.isEmpty)
        }
    }

    /// An address of the family behind which nobody listens (any more).
    private func abandonedAddress(_ family: Family, _ directory: TemporaryDirectory) throws -> SocketAddress {
        let wanted: SocketAddress = family == .tcp ? .loopback(port: 0) : .unix(path: directory.path + "/stale")
        return try RawSocket(listeningAt: wanted, backlog: 1).address
    }
}

@Suite("Resolving", .timeLimit(.minutes(5)))
struct ResolveTests {
    @Test("a numeric address asks nobody", arguments: ["192.0.2.7", "2001:db8::1"])
    func numeric(host: String) async throws {
        try await onLoop { loop in
            let found = try await loop.resolve(host: host, port: 443)
            #expect(found == [SocketAddress(HostPort(host: host, port: 443))])
        }
    }

    @Test("localhost is a loopback address with the port asked for")
    func localhost() async throws {
        try await onLoop { loop in
            let found = try await loop.resolve(host: "localhost", port: 8443)
            #expect(!found.isEmpty)
            for address in found { #expect(address.isLoopback && address.port == 8443) }
        }
    }

    @Test("what is no name is not looked up", arguments: ["", "a\0b", String(repeating: "a", count: 254)])
    func noName(host: String) async throws {
        try await onLoop { loop in
            await #expect(throws: EventLoopError.nameNotResolved(host: host, reason: "it is not a host name")) {
                try await loop.resolve(host: host, port: 1)
            }
        }
    }
}
