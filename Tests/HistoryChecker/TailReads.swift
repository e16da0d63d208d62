/// Linearizable pages of revocations: what had been acknowledged before the question, and lies in the stretch of the
/// log that the page covers, must stand in it.
enum TailReads {
    /// As `input`: how many the page may hold, so that a shorter one is known to reach the end.
    static func limit(of call: HistoryEvent) -> Int? { Int(call.input) }

    /// How many acknowledged revocations some page lacks.
    static func missing(in calls: [HistoryEvent], revocations: [String: RevocationHistory]) -> Int {
        let acknowledged = revocations.compactMap { token, history in history.change.map { (token: token, change: $0) } }
            .sorted { $0.change.index < $1.change.index }
        var missing = 0
        for call in calls where call.function == .tail && call.kind == .ok {
            guard let start = revocations[call.key]?.index, let limit = limit(of: call) else { continue }
            let page = Set(HistoryEvent.words(call.output).map(String.init))
            let end = page.count < limit ? Int64.max : call.index ?? start
            let first = acknowledged.partitioningIndex { $0.change.index > start }
            missing += acknowledged[first...].prefix { $0.change.index <= end }
                .count { $0.change.returned < call.invoked && !page.contains($0.token) }
        }
        return missing
    }
}

extension Array {
    /// Where the elements begin for which `isBehind` holds, in an array that has them last.
    package func partitioningIndex(_ isBehind: (Element) -> Bool) -> Int {
        var low = 0, high = count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
