import HashTreeCollections
package import Raft

/// The answers given within the last `StateLimits.requestWindowEntries` entries.
struct RequestWindow: Sendable, Equatable {
    private var byID: TreeDictionary<RequestID, RequestRecord> = [:]
    private var byIndex: TreeDictionary<UInt64, RequestID> = [:]

    var count: Int { byID.count }

    subscript(requestID: RequestID) -> RequestRecord? { byID[requestID] }

    mutating func insert(_ record: RequestRecord) {
        byID[record.requestID] = record
        byIndex[record.index.rawValue] = record.requestID
    }

    /// Forgets what has left the window now that `index` is being applied, the newest applied entry
    /// having been `previous`. Usually that is the one entry that left; after a stretch of entries that
    /// are no commands it may be many.
    ///
    /// - Returns: the indexes forgotten, ascending.
    mutating func evict(applying index: LogIndex, after previous: LogIndex) -> [LogIndex] {
        let width = StateLimits.requestWindowEntries
        guard index.rawValue > width else { return [] }
        let first = previous.rawValue > width ? previous.rawValue - width + 1 : 1
        let last = min(index.rawValue - width, previous.rawValue)
        guard first <= last else { return [] }
        let leaving: [UInt64]
        if last - first < UInt64(byIndex.count) {
            leaving = (first...last).filter { byIndex[$0] != nil }
        } else {
            leaving = byIndex.keys.filter { $0 <= last }.sorted()
        }
        for left in leaving {
            if let requestID = byIndex.removeValue(forKey: left) { byID.removeValue(forKey: requestID) }
        }
        return leaving.map { LogIndex($0) }
    }

    static func rowKey(_ index: LogIndex) -> String { RequestRowKey.text(index) }
}

/// The key of a stored answer: the index of its entry. Fixed width, so that rows lie in the order of the log.
package enum RequestRowKey {
    package static func text(_ index: LogIndex) -> String { FixedHex.digits(index.rawValue) }
    package static func index(_ key: String) -> LogIndex? { UInt64(key, radix: 16).map { LogIndex($0) } }
}
