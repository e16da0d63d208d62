import EventLoop
import JOSE
import Logging
import Synchronization

enum LogFormat: String {
    case text, json
}

/// What is logged at the moment: asked at every event from any thread, changed by a reload.
final class SharedLogLevel: Sendable {
    private let value: Mutex<Logger.Level>

    init(_ level: Logger.Level) { value = Mutex(level) }

    var level: Logger.Level { value.withLock { $0 } }

    /// - Returns: the former one.
    @discardableResult func change(to level: Logger.Level) -> Logger.Level {
        value.withLock { current in
            defer { current = level }
            return current
        }
    }
}

/// One line per event on standard error, for systemd's journal and for people, or as JSON for collectors.
struct LineLogHandler: LogHandler {
    let format: LogFormat
    private let shared: SharedLogLevel
    /// Of a logger that was given one of its own.
    private var own: Logger.Level?
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(format: LogFormat, logLevel: SharedLogLevel) {
        self.format = format
        shared = logLevel
    }

    var logLevel: Logger.Level {
        get { own ?? shared.level }
        set { own = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, newer in newer }
        Terminal.error(
            Self.line(
                format, at: WallClock.nowMilliseconds(), event.level, "\(event.message)",
                all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }))
    }

    /// What strangers sent may stand in it; a control character must not reach a terminal, nor a
    /// line break make one event look like two.
    static func line(
        _ format: LogFormat, at milliseconds: Int64, _ level: Logger.Level, _ message: String,
        _ metadata: [(String, String)]
    ) -> String {
        let fraction = String(milliseconds % 1000)
        let zeros = String(repeating: "0", count: 3 - fraction.count)
        let time = RFC3339.text(milliseconds / 1000).dropLast() + ".\(zeros)\(fraction)Z"
        switch format {
        case .text:
            let pairs = metadata.map { " \($0.0)=\(quoted(Table.printable($0.1)))" }.joined()
            let padding = String(repeating: " ", count: max(0, 8 - level.rawValue.count))
            return "\(time) \(level.rawValue)\(padding) \(Table.printable(message))\(pairs)"
        case .json:
            var object: JSONObject = ["time": .string(String(time)), "level": .string(level.rawValue), "message": .string(message)]
            for (name, value) in metadata where object[name] == nil { object[name] = .string(value) }
            return JSON.object(object).encodedString
        }
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
        return isPlain ? text : JSON.string(text).encodedString
    }
}
