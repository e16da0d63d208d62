import HashTreeCollections

/// The revocations of one part of all ids, and a filter in front of them.
struct RevocationPart: Sendable {
    private(set) var compact: TreeDictionary<CompactTokenID, CompactRevocation> = [:]
    private(set) var whole: TreeDictionary<String, RevocationRecord> = [:]
    private var filter = RevocationFilter()

    var count: Int { compact.count + whole.count }

    /// False when it is certain that there is no such record.
    func mayContain(_ key: RevocationKey) -> Bool { filter.mayContain(key.hash) }

    func contains(_ key: RevocationKey) -> Bool {
        if let id = key.compact, compact[id] != nil { return true }
        return !whole.isEmpty && whole[key.tokenID] != nil
    }

    /// Instead of whatever is stored for this id, in whichever form.
    ///
    /// - Parameter hash: that of the id's key.
    mutating func insert(_ id: CompactTokenID, _ entry: CompactRevocation, hash: UInt64) {
        note(hash)
        compact[id] = entry
        if !whole.isEmpty { whole[id.text] = nil }
    }

    mutating func insert(_ record: RevocationRecord, _ key: RevocationKey) {
        note(key.hash)
        whole[key.tokenID] = record
        if let id = key.compact { compact[id] = nil }
    }

    mutating func remove(_ key: RevocationKey) {
        if let id = key.compact { compact[id] = nil }
        if !whole.isEmpty { whole[key.tokenID] = nil }
    }

    /// Before the record is stored, so that there is none that the filter does not know.
    private mutating func note(_ hash: UInt64) {
        if filter.room == 0 {
            filter = RevocationFilter(twice: count + 1)
            for id in compact.keys { filter.insert(RevocationKey.hash(id)) }
            for text in whole.keys { filter.insert(RevocationKey(text).hash) }
        }
        filter.insert(hash)
    }
}
