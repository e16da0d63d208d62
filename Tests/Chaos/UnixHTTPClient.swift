import Foundation
import JOSE

/// What a member answered.
struct Reply {
    let status: Int
    let body: String

    var metadata: JSON { parsed?["metadata"] ?? .null }
    var error: String { parsed?["error"]?.stringValue ?? "" }

    private var parsed: JSON? { try? JSON(parsing: Array(body.utf8)) }
}

/// One connection to a member's Unix socket, kept open between requests; blocking, for a thread of its own. The
/// socket reaches a member wherever it is, also one that is cut off from the others.
final class UnixHTTPClient {
    private let path: String
    private var descriptor: Int32 = -1
    private var buffer: [UInt8] = []

    init(socket path: String) { self.path = path }

    deinit { disconnect() }

    /// nil when there was no answer in time, or none that could be read: what was asked may have happened.
    func call(
        _ method: String, _ path: String, _ body: JSON? = nil, headers: [String] = [], seconds: Double
    ) -> Reply? {
        let deadline = Clock.now() + UInt64(seconds * 1e9)
        guard connect(until: deadline) else { return nil }
        let content = body?.encodedString ?? ""
        var lines = ["\(method) \(path) HTTP/1.1", "Host: localhost"] + headers
        if body != nil { lines += ["Content-Type: application/json", "Content-Length: \(content.utf8.count)"] }
        let request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + content).utf8)
        guard send(request, until: deadline), let reply = receive(until: deadline) else {
            disconnect()
            return nil
        }
        return reply
    }

    private func disconnect() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        buffer = []
    }

    /// A connection kept from before ends with the member's process. A question sent into it would go unanswered
    /// although the member, started again, has never seen it.
    private var hasBeenClosed: Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe Foundation.poll(&poll, 1, 0) != 0  // nothing is awaited, so what can be read is the end
    }

    private func connect(until deadline: UInt64) -> Bool {
        if descriptor >= 0, !hasBeenClosed { return true }
        disconnect()
        let opened = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard opened >= 0 else { return false }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8.prefix(107))
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let done = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Foundation.connect(opened, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard done == 0 else {
            close(opened)
            return false
        }
        descriptor = opened
        return true
    }

    private func wait(for events: Int32, until deadline: UInt64) -> Bool {
        let now = Clock.now()
        guard now < deadline else { return false }
        var poll = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return unsafe Foundation.poll(&poll, 1, Int32((deadline - now) / 1_000_000) + 1) == 1
    }

    private func send(_ bytes: [UInt8], until deadline: UInt64) -> Bool {
        var sent = 0
        while sent < bytes.count {
            guard wait(for: POLLOUT, until: deadline) else { return false }
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private func receive(until deadline: UInt64) -> Reply? {
        while true {
            if let reply = parse() { return reply }
            guard buffer.count < 64 << 20, wait(for: POLLIN, until: deadline) else { return nil }
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffer += chunk.prefix(count)
        }
    }

    /// A head, and as many bytes of body as it says. This server always says.
    private func parse() -> Reply? {
        let end = Array("\r\n\r\n".utf8)
        guard let last = buffer.indices.first(where: { buffer[$0] == 13 && buffer[$0...].starts(with: end) }) else { return nil }
        let head = String(decoding: buffer[..<last], as: UTF8.self)
        let lines = head.split(separator: "\r\n")
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }.flatMap {
            Int($0.split(separator: ":")[1].filter { $0 != " " })
        }
        let start = last + end.count
        guard let length, buffer.count >= start + length else { return nil }
        let body = String(decoding: buffer[start..<start + length], as: UTF8.self)
        buffer.removeFirst(start + length)
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return status.map { Reply(status: $0, body: body) }
    }
}
