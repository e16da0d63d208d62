import EventLoop
import Testing

@Suite("A socket address")
struct SocketAddressTests {
    @Test("is written the way it is read", arguments: [
        "127.0.0.1:8443", "0.0.0.0:0", "255.255.255.255:65535",
        "[::1]:8443", "[::]:0", "[2001:db8::8:800:200c:417a]:1", "[::ffff:192.0.2.1]:443",
        "unix:/run/credence.sock", "unix:relative.sock",
    ])
    func roundTrip(text: String) throws {
        #expect(try SocketAddress(parsing: text).description == text)
    }

    @Test("is refused when malformed", arguments: [
        "", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1",
        "127.0.0.1:000001", "127.1:80", "0x7f.0.0.1:80", "1.2.3.4.5:80", "256.0.0.1:80", "::1:80", "[::1]", "[::1",
        "[::1]80", "[127.0.0.1]:80", "[:::]:80", "[]:80", "name:80", "unix:", "unix:a\0b",
    ])
    func malformed(text: String) {
        #expect(throws: EventLoopError.malformedAddress(text)) { try SocketAddress(parsing: text) }
    }

    @Test("a Unix path has at most 107 bytes")
    func pathBound() throws {
        let longest = "unix:/" + String(repeating: "a", count: SocketAddress.unixPathBytesMax - 1)
        #expect(try SocketAddress(parsing: longest).description == longest)
        #expect(throws: EventLoopError.self) { try SocketAddress(parsing: longest + "a") }
    }

    @Test("keeps the order of octets")
    func octets() throws {
        #expect(try SocketAddress(parsing: "1.2.3.4:5") == .ipv4(IPv4Host(bits: 0x0102_0304), port: 5))
        #expect(try SocketAddress(parsing: "[102:304::506]:7") == .ipv6(IPv6Host(high: 0x0102_0304 << 32, low: 0x506), port: 7))
    }

    @Test("knows the loopback interface", arguments: [
        ("127.0.0.1:1", true), ("127.255.0.9:1", true), ("[::1]:1", true), ("unix:/x", true),
        ("128.0.0.1:1", false), ("10.0.0.1:1", false), ("[::2]:1", false), ("[::]:1", false),
    ])
    func loopback(text: String, expected: Bool) throws {
        #expect(try SocketAddress(parsing: text).isLoopback == expected)
    }

    @Test("a host may be a name where one is looked up", arguments: [
        ("node-1.example:8443", "node-1.example", 8443), ("localhost:1", "localhost", 1), ("[::1]:2", "::1", 2),
    ])
    func hostPort(text: String, host: String, port: UInt16) throws {
        let parsed = try HostPort(parsing: text)
        #expect(parsed == HostPort(host: host, port: port))
        #expect(parsed.description == text)
    }

    @Test("a host name holds nothing that could mean something else to whoever reads it", arguments: [
        "a b:1", "a/b:1", "user@host:1", "a\r\nb:1", "a?b:1", ":1", "a:b:1", "é:1",
        String(repeating: "a", count: 254) + ":1",
    ])
    func badHostNames(text: String) {
        #expect(throws: EventLoopError.malformedAddress(text)) { try HostPort(parsing: text) }
    }
}
