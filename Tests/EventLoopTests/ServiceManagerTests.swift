import EventLoop
import Glibc
import Testing

@Suite("What the service manager is told")
struct ServiceManagerTests {
    private static func manager(_ variables: [String: String]) -> ServiceManager { ServiceManager { variables[$0] } }

    @Test("messages arrive as one datagram, by path and by abstract name", arguments: [true, false])
    func arrives(isAbstract: Bool) throws {
        let directory = try TemporaryDirectory()
        let socket = isAbstract ? "@credence-test-\(UInt64.random(in: 0 ... .max))" : directory.path + "/notify"
        let inbox = try DatagramInbox(socket)
        let manager = Self.manager(["NOTIFY_SOCKET": socket])
        #expect(manager.isListening && inbox.next() == nil)
        #expect(manager.send(.ready, .status("serving")))
        #expect(manager.sendAtOnce(.watchdog))
        #expect(manager.send(.stopping))
        #expect([inbox.next(), inbox.next(), inbox.next(), inbox.next()] == ["READY=1\nSTATUS=serving", "WATCHDOG=1", "STOPPING=1", nil])
    }

    @Test("a status is one line and bounded, whatever stands in it: it cannot say READY")
    func statusIsOneLine() throws {
        let socket = "@credence-test-\(UInt64.random(in: 0 ... .max))"
        let inbox = try DatagramInbox(socket)
        let manager = Self.manager(["NOTIFY_SOCKET": socket])
        #expect(manager.send(.status("no\nREADY=1\r\u{1B}x")))
        #expect(inbox.next() == "STATUS=no READY=1  x")
        #expect(manager.send(.status(String(repeating: "x", count: ServiceManager.statusBytesMax + 1))))
        #expect(inbox.next()?.utf8.count == "STATUS=".utf8.count + ServiceManager.statusBytesMax)
    }

    @Test("nothing is said to nobody: no variable, no socket there, a name that is none or too long", arguments: [
        nil, "", "relative", "@", "/", "vsock:2:1", "/nonexistent/notify", "@credence-nobody-listens", "/" + String(repeating: "x", count: 108),
    ])
    func nobody(socket: String?) {
        let manager = Self.manager(socket.map { ["NOTIFY_SOCKET": $0] } ?? [:])
        #expect(!manager.send(.ready) && !manager.sendAtOnce(.watchdog))
    }

    @Test("a busy manager holds up nobody who cannot wait")
    func neverWaits() throws {
        let socket = "@credence-test-\(UInt64.random(in: 0 ... .max))"
        let inbox = try DatagramInbox(socket)
        let manager = Self.manager(["NOTIFY_SOCKET": socket])
        var taken = 0
        while manager.sendAtOnce(.watchdog) {
            taken += 1
            try #require(taken < 100_000, "the queue of a socket that nobody reads has no end")
        }
        #expect(taken > 0 && inbox.next() == "WATCHDOG=1")
    }

    @Test("the watchdog is fed twice in its time, by the process that it watches and no other", arguments: [
        (["WATCHDOG_USEC": "30000000"], Duration.seconds(15)), (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "self"], .seconds(15)),
        (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"], nil), (["WATCHDOG_USEC": "0"], nil), (["WATCHDOG_USEC": "-5"], nil),
        (["WATCHDOG_USEC": "soon"], nil), ([:], nil),
    ] as [([String: String], Duration?)])
    func watchdogPeriod(variables: [String: String], period: Duration?) {
        let manager = Self.manager(variables.mapValues { $0 == "self" ? String(getpid()) : $0 })
        #expect(manager.watchdogPeriod == period)
    }
}

/// A bound datagram socket, at a path or (with `@`) an abstract name.
final class DatagramInbox: Sendable {
    private let descriptor: Int32

    init(_ name: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(name.utf8)
        if path[0] == UInt8(ascii: "@") { path[0] = 0 }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count + (path[0] == 0 ? 0 : 1))
        let status = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, length) }
        }
        try #require(status == 0)
    }

    deinit { _ = close(descriptor) }

    /// Nil when nothing is waiting.
    func next() -> String? {
        var buffer = [UInt8](repeating: 0, count: 8192)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
