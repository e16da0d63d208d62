import Raft

/// The signed status lists of one loop, made once for each state of the cluster: making one looks at every named token, and
/// anybody may ask. Never leaves its loop.
final class StatusListCache {
    private struct Entry {
        let index: LogIndex
        let madeAt: Int64
        let token: String
    }

    static let listsMax = 16
    private var lists: [Int64: Entry] = [:]
    private var beingMade = 0

    /// One at a time on a loop.
    enum Answer { case known(String), make, busy }

    /// - Parameter now: Unix seconds.
    func begin(_ number: Int64, at index: LogIndex, now: Int64, secondsMax: Int64) -> Answer {
        let entry = lists[number]
        if let entry, entry.index == index, now - entry.madeAt < secondsMax { return .known(entry.token) }
        guard beingMade == 0 else { return .busy }
        beingMade += 1
        return .make
    }

    func end(_ number: Int64, at index: LogIndex, now: Int64, token: String?) {
        beingMade -= 1
        guard let token else { return }
        if lists.count >= Self.listsMax, lists[number] == nil { lists.removeAll() }
        lists[number] = Entry(index: index, madeAt: now, token: token)
    }
}
