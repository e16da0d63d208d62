/// One call of one client, or one fault: what one line of a history says. Times are nanoseconds of one clock.
package struct HistoryEvent: Equatable, Sendable {
    package enum Function: String, Sendable {
        case mint, revoke, name, delete, read, verify
        /// A linearizable page of the revocations that follow the one in `key`.
        case tail
        /// A page of all that one member holds when the run is over.
        case list
        /// Something done to the members in `input`.
        case fault
    }

    /// As Jepsen calls them: `fail` had no effect, `info` may have had one, or may have one yet.
    package enum Kind: String, Sendable { case invoke, ok, fail, info }

    /// Every client is a process, and does one thing at a time.
    package let process: Int
    package let function: Function
    /// The token, by its id; of a fault, its kind.
    package let key: String
    package let input: String
    package var output: String
    package var kind: Kind
    package let invoked: UInt64
    package var returned: UInt64?
    package let member: Int?
    /// Where in the log: of the change, or of the state that was answered from.
    package var index: Int64?

    package init(
        process: Int, function: Function, key: String, input: String = "", output: String = "", kind: Kind, invoked: UInt64,
        returned: UInt64? = nil, member: Int? = nil, index: Int64? = nil
    ) {
        self.process = process
        self.function = function
        self.key = key
        self.input = input
        self.output = output
        self.kind = kind
        self.invoked = invoked
        self.returned = returned
        self.member = member
        self.index = index
    }

    /// Ids, or the members of a fault, are written one after the other with a space between.
    static func words(_ text: String) -> [Substring] { text.split(separator: " ") }
}

extension HistoryEvent {
    /// One event for each call: what was asked and never answered stays open.
    package static func calls(_ lines: [HistoryEvent]) -> [HistoryEvent] {
        var pending: [Int: HistoryEvent] = [:]
        var calls: [HistoryEvent] = []
        for line in lines {
            let earlier = pending.removeValue(forKey: line.process)
            if line.kind == .invoke {
                if let earlier { calls.append(earlier.leftOpen) }
                pending[line.process] = line
            } else {
                if let earlier, earlier.invoked != line.invoked { calls.append(earlier.leftOpen) }
                calls.append(line)
            }
        }
        return (calls + pending.values.map(\.leftOpen)).sorted { $0.invoked < $1.invoked }
    }

    private var leftOpen: HistoryEvent {
        var open = self
        open.kind = .info
        return open
    }
}
