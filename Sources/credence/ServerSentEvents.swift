/// Reads a stream of server-sent events (WHATWG HTML §9.2.6): bytes go in as they come, events come out.
struct ServerSentEvents {
    struct Event: Equatable {
        var name: String
        var data: String
    }

    /// Of one line. What sends a longer one is no member.
    static let lineBytesMax = 1 << 20

    /// What to say to the server when connecting again.
    private(set) var lastEventID: String?
    private var line: [UInt8] = []
    private var name = ""
    private var data: [String] = []
    private var isAfterReturn = false

    /// Nil when a line is too long.
    mutating func read(_ bytes: [UInt8]) -> [Event]? {
        var events: [Event] = []
        for byte in bytes {
            // A line ends with CR, LF or both.
            let isSecondHalf = isAfterReturn && byte == UInt8(ascii: "\n")
            isAfterReturn = byte == UInt8(ascii: "\r")
            if isSecondHalf { continue }
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                if let event = endLine() { events.append(event) }
                continue
            }
            guard line.count < Self.lineBytesMax else { return nil }
            line.append(byte)
        }
        return events
    }

    /// What was begun on a connection that broke is no event.
    mutating func reconnected() {
        line = []
        name = ""
        data = []
        isAfterReturn = false
    }

    private mutating func endLine() -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            defer {
                name = ""
                data = []
            }
            return data.isEmpty ? nil : Event(name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
        }
        let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count > 1 ? parts[1] : []
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        let text = String(decoding: value, as: UTF8.self)
        switch String(decoding: parts[0], as: UTF8.self) {
        case "event": name = text
        case "data": data.append(text)
        case "id": if !value.contains(0) { lastEventID = text }
        default: break
        }
        return nil
    }
}
