/// The log as it will be on disk once every operation issued so far has completed.
///
/// Only the newest part is in memory. Of older entries the terms are kept, as runs, so that any position can
/// still be compared with a peer's; their payloads are loaded from disk when a slow peer needs them.
struct RaftLog: Sendable {
    /// The position the log starts after: zero, or the last entry a snapshot covers.
    private(set) var base: LogPosition
    private var runs: [TermRun]
    private var window: [Entry]
    private var windowBytes = 0
    private let windowEntriesMax: Int
    private let windowBytesMax: Int
    private(set) var last: LogPosition

    init(restored: RestoredState, settings: RaftSettings) throws(RestoreError) {
        base = restored.base
        runs = restored.termRuns
        window = []
        windowEntriesMax = settings.windowEntries
        windowBytesMax = settings.windowBytes
        last = restored.base
        try Self.check(restored)
        if let first = restored.entries.first {
            runs.removeAll { $0.first >= first.index }
            if let run = runs.last, run.term > first.term { throw .termOrder(at: first.index) }
        }
        for entry in restored.entries { append(entry) }
    }

    /// The oldest index whose entry is in memory; one past `last` when there is none.
    var firstHeld: LogIndex { window.first?.index ?? last.index.next }

    /// nil when the log does not reach there, or no longer does: unknown, which is not the same as zero.
    func term(at index: LogIndex) -> Term? {
        if index == base.index { return base.term }
        guard index > base.index, index <= last.index else { return nil }
        return runs[run(containing: index)].term
    }

    /// Whether the entry is in the log, or covered by its base: what is there is committed.
    func holds(_ position: LogPosition) -> Bool {
        position.index <= base.index || term(at: position.index) == position.term
    }

    func entry(at index: LogIndex) -> Entry? {
        guard index >= firstHeld, index <= last.index else { return nil }
        return window[firstHeld.distance(to: index)]
    }

    /// Entries from `first` on, at least one, then no more than the bounds allow.
    /// Empty when `first` is past the end or not in memory.
    func entries(from first: LogIndex, countMax: Int, bytesMax: Int) -> [Entry] {
        guard first >= firstHeld, first <= last.index else { return [] }
        let start = firstHeld.distance(to: first)
        var end = start
        var bytes = 0
        while end < window.count, end - start < countMax {
            bytes += window[end].payload.count
            if bytes > bytesMax, end > start { break }
            end += 1
        }
        return Array(window[start..<end])
    }

    /// The largest position at or below `index` whose term is not above `term`: as follower the hint that
    /// answers a mismatch, as leader the place to try next (docs/consensus.md §4).
    func lastPosition(atOrBelow index: LogIndex, termAtMost term: Term) -> LogPosition {
        guard index > base.index, last.index > base.index else { return base }
        var index = min(index, last.index)
        var slot = run(containing: index)
        while runs[slot].term > term {
            index = runs[slot].first.previous
            if index <= base.index { return base }
            slot -= 1
        }
        return LogPosition(term: runs[slot].term, index: index)
    }

    mutating func append(_ entry: Entry) {
        if runs.last.map({ $0.term < entry.term }) ?? true {
            runs.append(TermRun(term: entry.term, first: entry.index))
        }
        window.append(entry)
        windowBytes += entry.payload.count
        last = entry.position
    }

    /// Removes `first` and everything after it. The caller has made sure that nothing committed is among them,
    /// so all of it is in memory.
    mutating func truncate(from first: LogIndex) {
        while let entry = window.last, entry.index >= first {
            windowBytes -= entry.payload.count
            window.removeLast()
        }
        while let run = runs.last, run.first >= first { runs.removeLast() }
        let index = first.previous
        last = index <= base.index ? base : LogPosition(term: runs[run(containing: index)].term, index: index)
    }

    /// Lets go of applied entries beyond the window's bounds, a quarter of the window at a time so that the
    /// shift of the rest is paid rarely.
    mutating func evict(through applied: LogIndex) {
        let slack = windowEntriesMax / 4
        guard window.count > windowEntriesMax + slack || windowBytes > windowBytesMax else { return }
        var count = 0
        while count < window.count, window[count].index <= applied,
            window.count - count > windowEntriesMax || windowBytes > windowBytesMax {
            windowBytes -= window[count].payload.count
            count += 1
        }
        window.removeFirst(count)
    }

    /// Forgets what lies at or below `position`, which this log holds.
    mutating func compact(to position: LogPosition) {
        let count = window.prefix { $0.index <= position.index }.count
        for entry in window.prefix(count) { windowBytes -= entry.payload.count }
        window.removeFirst(count)
        base = position
        let outdated = runs.dropFirst().prefix { $0.first <= position.index.next }.count
        runs.removeFirst(outdated)
        if last.index <= position.index {
            runs = []
        } else if let run = runs.first, run.first <= position.index {
            runs[0] = TermRun(term: run.term, first: position.index.next)
        }
    }

    /// Replaces everything by an empty log that begins after `position`.
    mutating func reset(to position: LogPosition) {
        base = position
        last = position
        runs = []
        window = []
        windowBytes = 0
    }

    /// The run that holds `index`, which must lie in the log.
    private func run(containing index: LogIndex) -> Int {
        // Almost every question is about the newest run.
        var low = 0
        var high = runs.count - 1
        if runs[high].first <= index { return high }
        while low < high {
            let middle = (low + high + 1) / 2
            if runs[middle].first <= index { low = middle } else { high = middle - 1 }
        }
        return low
    }

    private static func check(_ restored: RestoredState) throws(RestoreError) {
        let base = restored.base
        let lastIndex = restored.entries.last?.index ?? base.index
        guard base.index <= .max, lastIndex <= .max else { throw .outOfRange(max(base.index, lastIndex)) }
        guard restored.hardState.term <= .max else { throw .termOrder(at: lastIndex) }
        if restored.applied > lastIndex { throw .appliedBeyondLog(applied: restored.applied, last: lastIndex) }
        if restored.applied < base.index { throw .appliedBelowBase(applied: restored.applied, base: base.index) }

        var term = base.term
        var index = base.index
        for run in restored.termRuns {
            guard run.term > term || (run.term == term && index == base.index), run.first > index else {
                throw .termOrder(at: run.first)
            }
            (term, index) = (run.term, run.first)
        }
        guard term <= restored.hardState.term else { throw .termOrder(at: index) }
        try checkEntries(restored)
    }

    private static func checkEntries(_ restored: RestoredState) throws(RestoreError) {
        guard let first = restored.entries.first else {
            guard restored.termRuns.isEmpty else { throw .gap(after: restored.base.index) }
            return
        }
        let needed = max(restored.applied, restored.base.index).next
        guard first.index > restored.base.index, first.index <= needed else { throw .gap(after: needed.previous) }
        if first.index > restored.base.index.next, restored.termRuns.first?.first != restored.base.index.next {
            throw .termUnknown(at: restored.base.index.next)
        }
        var term = restored.base.term
        var index = first.index.previous
        for entry in restored.entries {
            guard entry.index == index.next else { throw .gap(after: index) }
            guard entry.term >= term, entry.term <= restored.hardState.term else { throw .termOrder(at: entry.index) }
            (term, index) = (entry.term, entry.index)
        }
    }
}
