internal import CUV
internal import Glibc

/// The service manager that started this process, spoken to as sd_notify(3) does: one datagram per message, to the Unix
/// socket that NOTIFY_SOCKET names. Without that variable every message goes nowhere, which is no error.
///
/// Safe from any thread: each message has a socket of its own.
package struct ServiceManager: Sendable {
    package enum Message: Equatable, Sendable {
        /// It serves now. systemd starts what comes after it.
        case ready
        /// Since when, in microseconds of CLOCK_MONOTONIC; `ready` follows.
        case reloading(monotonicMicroseconds: UInt64)
        case stopping
        /// The process makes progress; when this stays away for longer than the unit's WatchdogSec it is killed and
        /// started again.
        case watchdog
        /// One line for `systemctl status`.
        case status(String)
    }

    /// How often `watchdog` is to be sent: half of what the manager waits for. Nil when it does not wait for it.
    package let watchdogPeriod: Duration?
    /// What stands in `sun_path`, with a zero byte at the beginning of an abstract name.
    private let path: [UInt8]?

    /// A full queue of datagrams means that the manager is busy; it is not waited for any longer than this.
    private static let patience: Duration = .seconds(5)
    package static let statusBytesMax = 1024

    /// - Parameter environment: asked for NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
    package init(environment: (String) -> String?) {
        path = environment("NOTIFY_SOCKET").flatMap(Self.path)
        watchdogPeriod = Self.watchdogPeriod(environment)
    }

    /// As systemd.exec(5) has it: an absolute path, or `@` and an abstract name. Other kinds (vsock) are for machines
    /// that are guests as a whole.
    private static func path(_ text: String) -> [UInt8]? {
        var bytes = Array(text.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        guard isAbstract || bytes.first == UInt8(ascii: "/"), bytes.count > 1 else { return nil }
        if isAbstract { bytes[0] = 0 }
        // A path ends with a zero byte, which takes part of the room; an abstract name ends with its length.
        return bytes.count <= MemoryLayout.size(ofValue: sockaddr_un().sun_path) - (isAbstract ? 0 : 1) ? bytes : nil
    }

    /// The variables are inherited by children, who are not meant: WATCHDOG_PID says who is.
    private static func watchdogPeriod(_ environment: (String) -> String?) -> Duration? {
        guard let microseconds = environment("WATCHDOG_USEC").flatMap(Int64.init), microseconds > 1 else { return nil }
        if let process = environment("WATCHDOG_PID"), process != String(getpid()) { return nil }
        return .microseconds(microseconds / 2)
    }

    package var isListening: Bool { path != nil }

    /// Waits a moment when the manager is busy, so not for a loop.
    ///
    /// - Returns: whether the manager's socket took it.
    @discardableResult package func send(_ messages: Message...) -> Bool {
        deliver(messages, flags: 0)
    }

    /// Never waits.
    @discardableResult package func sendAtOnce(_ messages: Message...) -> Bool {
        deliver(messages, flags: Int32(MSG_DONTWAIT))
    }

    private func deliver(_ messages: [Message], flags: Int32) -> Bool {
        guard let path else { return false }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { _ = close(descriptor) }
        var patience = timeval(tv_sec: Int(Self.patience.components.seconds), tv_usec: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))

        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count + (path[0] == 0 ? 0 : 1))
        let text = Array(messages.map(\.line).joined(separator: "\n").utf8)
        let sent = unsafe withUnsafePointer(to: name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe sendto(descriptor, text, text.count, flags | Int32(MSG_NOSIGNAL), $0, length)
            }
        }
        return sent == text.count
    }
}

extension ServiceManager.Message {
    /// One assignment of the protocol. A line break in a status would begin another one.
    var line: String {
        switch self {
        case .ready: "READY=1"
        case .reloading(let time): "RELOADING=1\nMONOTONIC_USEC=\(time)"
        case .stopping: "STOPPING=1"
        case .watchdog: "WATCHDOG=1"
        case .status(let text):
            "STATUS=" + String(decoding: text.utf8.prefix(ServiceManager.statusBytesMax).map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
        }
    }
}
