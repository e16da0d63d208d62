import HashTreeCollections
import Raft

/// The revoked tokens by their id. A copy shares all but what changed since.
///
/// There may be millions, so the usual record, of a token that this cluster minted, is kept in 40 bytes: its id as 128 bits, its
/// times and index as numbers, and who and why as a number too, since an operator revokes many tokens for one reason. A
/// record that does not fit is kept whole beside them.
package struct RevocationTable: Sendable {
    private var compact: TreeDictionary<CompactTokenID, CompactRevocation> = [:]
    private var whole: TreeDictionary<String, RevocationRecord> = [:]
    private var causes = RevocationCauses()

    package init() {}

    package var count: Int { compact.count + whole.count }
    package var isEmpty: Bool { compact.isEmpty && whole.isEmpty }

    package subscript(tokenID: String) -> RevocationRecord? {
        if let id = CompactTokenID(tokenID), let entry = compact[id] { return record(id, entry) }
        return whole.isEmpty ? nil : whole[tokenID]
    }

    package func contains(_ tokenID: String) -> Bool {
        if !compact.isEmpty, let id = CompactTokenID(tokenID), compact[id] != nil { return true }
        return !whole.isEmpty && whole[tokenID] != nil
    }

    /// All of them, oldest first. Takes time and memory in proportion: not for the verification path.
    package func sorted() -> [RevocationRecord] {
        (compact.map { record($0.key, $0.value) } + Array(whole.values)).sorted { ($0.index, $0.ordinal) < ($1.index, $1.ordinal) }
    }

    /// The `max` oldest that come after a place, oldest first; from the beginning when that is nil. Takes time in proportion to
    /// all, and memory in proportion to `max`.
    package func oldest(_ max: Int, after place: RevocationPlace?) -> [RevocationRecord] {
        var found: [(place: RevocationPlace, id: CompactTokenID?, record: RevocationRecord?)] = []
        func trim() {
            found.sort { $0.place < $1.place }
            found.removeLast(Swift.max(0, found.count - max))
        }
        func note(_ new: RevocationPlace, _ id: CompactTokenID?, _ record: RevocationRecord?) {
            guard place.map({ $0 < new }) ?? true else { return }
            found.append((new, id, record))
            if found.count >= 2 * max { trim() }
        }
        for (id, entry) in compact { note(RevocationPlace(index: LogIndex(entry.index), ordinal: entry.ordinal), id, nil) }
        for record in whole.values { note(record.place, nil, record) }
        trim()
        return found.compactMap { $0.record ?? $0.id.flatMap { id in compact[id].map { record(id, $0) } } }
    }

    /// Up to `max` ids of tokens that ended before `time`, in the order of their revocation. Takes time in proportion to all.
    package func ended(before time: Int64, max: Int) -> [String] {
        let compactOnes = compact.lazy.filter { $0.value.expiresAt.map { $0 < time } ?? false }.map { (index: $0.value.index, ordinal: $0.value.ordinal, id: $0.key.text) }
        let wholeOnes = whole.values.lazy.filter { $0.expiresAt.map { $0 < time } ?? false }.map { (index: $0.index.rawValue, ordinal: $0.ordinal, id: $0.tokenID) }
        return (Array(compactOnes) + Array(wholeOnes)).sorted { ($0.index, $0.ordinal) < ($1.index, $1.ordinal) }.prefix(max).map(\.id)
    }

    mutating func insert(_ record: RevocationRecord) {
        if let id = CompactTokenID(record.tokenID), let entry = CompactRevocation(record, causes: &causes) {
            compact[id] = entry
            if !whole.isEmpty { whole[record.tokenID] = nil }
        } else {
            whole[record.tokenID] = record
            if let id = CompactTokenID(record.tokenID) { compact[id] = nil }
        }
    }

    mutating func remove(_ tokenID: String) {
        if let id = CompactTokenID(tokenID) { compact[id] = nil }
        whole[tokenID] = nil
    }

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
        guard first.compact.count == second.compact.count, first.whole == second.whole else { return false }
        return first.compact.allSatisfy { id, entry in
            second.compact[id].map { second.record(id, $0) == first.record(id, entry) } ?? false
        }
    }
}

/// A revocation in 24 bytes.
private struct CompactRevocation: Sendable {
    let index: UInt64
    private let createdLow, expiresLow: UInt32
    let cause: UInt32
    private let createdHigh, expiresHigh: UInt8
    let ordinal: UInt16

    /// Seconds fit into 40 bits; the highest value of the upper eight means that there is no end.
    private static let timeMax: Int64 = 1 << 39
    private static let noEnd = UInt8.max

    /// Nil for a record with times beyond all use, or when there are too many causes to number.
    init?(_ record: RevocationRecord, causes: inout RevocationCauses) {
        let times = 0..<Self.timeMax
        guard times.contains(record.createdAt), record.expiresAt.map(times.contains) ?? true,
            let cause = causes.number(RevocationCauses.Cause(reason: record.reason, createdBy: record.createdBy))
        else { return nil }
        index = record.index.rawValue
        createdLow = UInt32(truncatingIfNeeded: record.createdAt)
        createdHigh = UInt8(truncatingIfNeeded: record.createdAt >> 32)
        expiresLow = UInt32(truncatingIfNeeded: record.expiresAt ?? 0)
        expiresHigh = record.expiresAt.map { UInt8(truncatingIfNeeded: $0 >> 32) } ?? Self.noEnd
        self.cause = cause
        ordinal = record.ordinal
    }

    var createdAt: Int64 { Int64(createdHigh) << 32 | Int64(createdLow) }
    var expiresAt: Int64? { expiresHigh == Self.noEnd ? nil : Int64(expiresHigh) << 32 | Int64(expiresLow) }
}

/// Who revoked and why, numbered as they come.
private struct RevocationCauses: Sendable {
    struct Cause: Hashable, Sendable {
        let reason: String?
        let createdBy: String
    }

    /// Beyond these a record keeps its own texts.
    static let countMax = 65_536

    private var causes: TreeDictionary<UInt32, Cause> = [:]
    private var numbers: TreeDictionary<Cause, UInt32> = [:]

    subscript(number: UInt32) -> Cause { causes[number] ?? Cause(reason: nil, createdBy: "") }

    /// Texts that are equal to Swift and are other bytes would come back as the first of them; only ASCII is numbered.
    mutating func number(_ cause: Cause) -> UInt32? {
        if let number = numbers[cause] { return cause.isASCII ? number : nil }
        guard causes.count < Self.countMax, cause.isASCII else { return nil }
        let number = UInt32(causes.count)
        causes[number] = cause
        numbers[cause] = number
        return number
    }
}

extension RevocationCauses.Cause {
    var isASCII: Bool { createdBy.utf8.allSatisfy { $0 < 0x80 } && reason?.utf8.allSatisfy { $0 < 0x80 } ?? true }
}
