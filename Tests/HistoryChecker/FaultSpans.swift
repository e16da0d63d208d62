/// When each member had something done to it, so that its refusals and its silence can be judged.
package struct FaultSpans: Sendable {
    private struct Span {
        let from: UInt64
        let through: UInt64
    }

    private var spans: [Int: [Span]] = [:]

    /// - Parameter grace: how long a fault may show after it has been undone and its members have recovered.
    package init(_ calls: [HistoryEvent], grace: UInt64) {
        for fault in calls where fault.function == .fault {
            let end = fault.returned.map { $0 + grace } ?? .max
            for member in HistoryEvent.words(fault.input).compactMap({ Int($0) }) {
                spans[member, default: []].append(Span(from: fault.invoked, through: end))
            }
        }
    }

    /// Whether nothing was being done to the member, nor had just been, at any time of the call.
    package func leftAlone(_ member: Int, from: UInt64, through: UInt64) -> Bool {
        !(spans[member] ?? []).contains { $0.from <= through && from <= $0.through }
    }
}
