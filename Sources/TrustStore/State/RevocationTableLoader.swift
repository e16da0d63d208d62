/// Fills a table with stored rows, of which there may be millions while nobody can use the member yet.
struct RevocationTableLoader {
    private typealias Entry = (id: CompactTokenID, entry: CompactRevocation, hash: UInt64)

    /// Of one part, before they are put into the table together: 3 MB in all, given back in the end.
    private static let waitingMax = 1_024

    private var table = RevocationTable()
    private var waiting = [[Entry]](repeating: [], count: RevocationTable.partsCount)
    /// Most rows have the cause of the row before.
    private var cause: (reason: [UInt8]?, createdBy: [UInt8], number: UInt32)?

    mutating func insert(_ record: RevocationRecord) {
        // Whatever waits came before, and this one counts.
        putAll()
        table.insert(record)
    }

    /// Takes a row of the usual form, exactly as `RevocationRecord` writes it. False, and nothing has happened, for any other: that
    /// is for `JSON` to read, and to refuse.
    mutating func insert(key: Span<UInt8>, value: Span<UInt8>) -> Bool {
        guard let row = RevocationRow(value), value.extracting(row.tokenID).hasSameBytes(as: key), let id = CompactTokenID(key),
            CompactRevocation.areKept(createdAt: row.createdAt, expiresAt: row.expiresAt), let cause = number(row, value)
        else { return false }
        let entry = CompactRevocation(
            createdAt: row.createdAt, expiresAt: row.expiresAt, cause: cause, index: UInt64(row.index), ordinal: row.ordinal)
        let hash = RevocationKey.hash(id)
        let place = RevocationTable.place(hash)
        if waiting[place].isEmpty { waiting[place].reserveCapacity(Self.waitingMax) }
        waiting[place].append((id, entry, hash))
        if waiting[place].count == Self.waitingMax { put(place) }
        return true
    }

    mutating func finish() -> RevocationTable {
        putAll()
        waiting = []
        return table
    }

    private mutating func number(_ row: RevocationRow, _ value: Span<UInt8>) -> UInt32? {
        let createdBy = value.extracting(row.createdBy)
        if let cause, createdBy.hasSameBytes(as: cause.createdBy.span) {
            switch (row.reason, cause.reason) {
            case (nil, nil): return cause.number
            case (let range?, let reason?) where value.extracting(range).hasSameBytes(as: reason.span): return cause.number
            default: break
            }
        }
        let reason = row.reason.map { value.extracting($0).copied }
        let texts = (reason: reason.map { String(decoding: $0, as: UTF8.self) }, createdBy: String(decoding: createdBy.copied, as: UTF8.self))
        guard let number = table.number(RevocationCauses.Cause(reason: texts.reason, createdBy: texts.createdBy)) else { return nil }
        cause = (reason, createdBy.copied, number)
        return number
    }

    private mutating func putAll() {
        for place in waiting.indices where !waiting[place].isEmpty { put(place) }
    }

    private mutating func put(_ place: Int) {
        table.insert(waiting[place], at: place)
        waiting[place].removeAll(keepingCapacity: true)
    }
}

extension Span<UInt8> {
    fileprivate func hasSameBytes(as other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }

    fileprivate var copied: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for index in indices { bytes.append(self[index]) }
        return bytes
    }
}
