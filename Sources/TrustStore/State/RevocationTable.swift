import HashTreeCollections
import Raft

/// The revoked tokens by their id. A copy shares all but what changed since.
///
/// There may be millions, so the usual record, of a token that this cluster minted, is kept in 40 bytes: its id as 128 bits, its
/// times and index as numbers, and who and why as a number too, since an operator revokes many tokens for one reason. A
/// record that does not fit is kept whole beside them.
///
/// Nearly every id that is looked up is not revoked, and each verification asks: `RevocationFilter` says so with one look. The
/// ids lie in many parts, each with a filter of its own, so that none takes long to make anew when it is full, and a change copies
/// little.
package struct RevocationTable: Sendable {
    /// A power of two. Few enough to stay in the processor's own memory, and many enough that one of them, which has 160,000 of the
    /// ten million that are stored at most (`StateLimits`), is made anew in some milliseconds.
    static let partsCount = 64

    /// Made with the first record, since most states have none.
    private var parts: [RevocationPart] = []
    private var causes = RevocationCauses()
    package private(set) var count = 0
    private var wholeCount = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package subscript(tokenID: String) -> RevocationRecord? {
        guard !isEmpty else { return nil }
        let key = RevocationKey(tokenID)
        let part = parts[Self.place(key.hash)]
        if let id = key.compact, let entry = part.compact[id] { return record(id, entry) }
        return part.whole[tokenID]
    }

    package func contains(_ tokenID: String) -> Bool { !isEmpty && contains(RevocationKey(tokenID)) }

    package func contains(_ key: RevocationKey) -> Bool { mayContain(key) && parts[Self.place(key.hash)].contains(key) }

    /// False when it is certain that this token is not revoked; true says nothing.
    package func mayContain(_ key: RevocationKey) -> Bool {
        // An id of another form is only among the records kept whole, and mostly there are none.
        guard !isEmpty, key.compact != nil || wholeCount > 0 else { return false }
        // Through a span, since a part that is copied out for this has its references counted, each somewhere else in memory.
        return parts.span[Self.place(key.hash)].mayContain(key)
    }

    /// All of them, oldest first. Takes time and memory in proportion: not for the verification path.
    package func sorted() -> [RevocationRecord] {
        parts.flatMap { part in part.compact.map { record($0.key, $0.value) } + Array(part.whole.values) }
            .sorted { ($0.index, $0.ordinal) < ($1.index, $1.ordinal) }
    }

    /// The `max` oldest that come after a place, oldest first; from the beginning when that is nil. Takes time in proportion to
    /// all, and memory in proportion to `max`.
    package func oldest(_ max: Int, after place: RevocationPlace?) -> [RevocationRecord] {
        var found: [(place: RevocationPlace, compact: (id: CompactTokenID, entry: CompactRevocation)?, record: RevocationRecord?)] = []
        func trim() {
            found.sort { $0.place < $1.place }
            found.removeLast(Swift.max(0, found.count - max))
        }
        func note(_ new: RevocationPlace, _ compact: (id: CompactTokenID, entry: CompactRevocation)?, _ record: RevocationRecord?) {
            guard place.map({ $0 < new }) ?? true else { return }
            found.append((new, compact, record))
            if found.count >= 2 * max { trim() }
        }
        for part in parts {
            for (id, entry) in part.compact { note(RevocationPlace(index: LogIndex(entry.index), ordinal: entry.ordinal), (id, entry), nil) }
            for record in part.whole.values { note(record.place, nil, record) }
        }
        trim()
        return found.compactMap { $0.record ?? $0.compact.map { record($0.id, $0.entry) } }
    }

    /// Up to `max` ids of tokens that ended before `time`, in the order of their revocation. Takes time in proportion to all.
    package func ended(before time: Int64, max: Int) -> [String] {
        func hasEnded(_ end: Int64?) -> Bool { end.map { $0 < time } ?? false }
        let found = parts.flatMap { part in
            part.compact.filter { hasEnded($0.value.expiresAt) }.map { (index: $0.value.index, ordinal: $0.value.ordinal, id: $0.key.text) }
                + part.whole.values.filter { hasEnded($0.expiresAt) }.map { (index: $0.index.rawValue, ordinal: $0.ordinal, id: $0.tokenID) }
        }
        return found.sorted { ($0.index, $0.ordinal) < ($1.index, $1.ordinal) }.prefix(max).map(\.id)
    }

    mutating func insert(_ record: RevocationRecord) {
        let key = RevocationKey(record.tokenID)
        if let id = key.compact, let entry = CompactRevocation(record, causes: &causes) {
            change(Self.place(key.hash)) { $0.insert(id, entry, hash: key.hash) }
        } else {
            change(Self.place(key.hash)) { $0.insert(record, key) }
        }
    }

    /// Several of one part at once, whose memory then stays near.
    mutating func insert(_ entries: [(id: CompactTokenID, entry: CompactRevocation, hash: UInt64)], at place: Int) {
        change(place) { part in
            for one in entries { part.insert(one.id, one.entry, hash: one.hash) }
        }
    }

    mutating func number(_ cause: RevocationCauses.Cause) -> UInt32? { causes.number(cause) }

    private mutating func change(_ place: Int, _ body: (inout RevocationPart) -> Void) {
        if parts.isEmpty { parts = Array(repeating: RevocationPart(), count: Self.partsCount) }
        count -= parts[place].count
        wholeCount -= parts[place].whole.count
        body(&parts[place])
        count += parts[place].count
        wholeCount += parts[place].whole.count
    }

    mutating func remove(_ tokenID: String) {
        guard !isEmpty else { return }
        let key = RevocationKey(tokenID)
        change(Self.place(key.hash)) { $0.remove(key) }
    }

    /// By bits that the filter does not use.
    static func place(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 32) & (partsCount - 1) }

    private func record(_ id: CompactTokenID, _ entry: CompactRevocation) -> RevocationRecord {
        let cause = causes[entry.cause]
        return RevocationRecord(
            tokenID: id.text, reason: cause.reason, expiresAt: entry.expiresAt, createdAt: entry.createdAt, createdBy: cause.createdBy,
            index: LogIndex(entry.index), ordinal: entry.ordinal)
    }
}

extension RevocationTable: Equatable {
    /// By what they say: causes may be numbered in another order in a state that was loaded.
    package static func == (first: RevocationTable, second: RevocationTable) -> Bool {
        guard first.count == second.count else { return false }
        return zip(first.parts, second.parts).allSatisfy { one, other in
            guard one.compact.count == other.compact.count, one.whole == other.whole else { return false }
            return one.compact.allSatisfy { id, entry in
                other.compact[id].map { second.record(id, $0) == first.record(id, entry) } ?? false
            }
        }
    }
}
