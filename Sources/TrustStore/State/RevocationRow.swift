import JOSE

/// A stored revocation as `RevocationRecord` writes it: its members in their one order, without a space or an escape.
///
/// Read without making a value of each member, since a member that starts has a million of them to read. Not another grammar:
/// whatever this takes is JSON, and `JSON` and `RevocationRecord` read the same from it (a test compares them); what it does not take
/// may be JSON all the same.
struct RevocationRow {
    /// Where the texts lie in the row. They are ASCII and have no escapes, so they are the texts themselves.
    let tokenID: Range<Int>
    let reason: Range<Int>?
    let createdBy: Range<Int>
    let expiresAt: Int64?
    let createdAt, index: Int64
    let ordinal: UInt16

    init?(_ row: Span<UInt8>) {
        var at = 0
        guard Self.skip("{\"token_id\":\"", row, &at), let tokenID = Self.text(row, &at) else { return nil }
        self.tokenID = tokenID
        if Self.skip(",\"reason\":\"", row, &at) {
            guard let reason = Self.text(row, &at) else { return nil }
            self.reason = reason
        } else {
            reason = nil
        }
        if Self.skip(",\"expires_at\":", row, &at) {
            guard let time = Self.number(row, &at) else { return nil }
            expiresAt = time
        } else {
            expiresAt = nil
        }
        guard Self.skip(",\"created_at\":", row, &at), let createdAt = Self.number(row, &at),
            Self.skip(",\"created_by\":\"", row, &at), let createdBy = Self.text(row, &at),
            Self.skip(",\"index\":", row, &at), let index = Self.number(row, &at)
        else { return nil }
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.index = index
        if Self.skip(",\"ordinal\":", row, &at) {
            guard let number = Self.number(row, &at), let ordinal = UInt16(exactly: number), ordinal > 0 else { return nil }
            self.ordinal = ordinal
        } else {
            ordinal = 0
        }
        guard at == row.count - 1, row[at] == UInt8(ascii: "}") else { return nil }
    }

    /// Moves behind `literal` if it stands there.
    private static func skip(_ literal: StaticString, _ row: Span<UInt8>, _ at: inout Int) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard at + count <= row.count else { return false }
        for place in 0..<count where unsafe row[at + place] != literal.utf8Start[place] { return false }
        at += count
        return true
    }

    /// Up to the closing quote, and behind it.
    private static func text(_ row: Span<UInt8>, _ at: inout Int) -> Range<Int>? {
        let start = at
        while at < row.count, row[at] != UInt8(ascii: "\"") {
            guard row[at] >= 0x20, row[at] < 0x7F, row[at] != UInt8(ascii: "\\") else { return nil }
            at += 1
        }
        guard at < row.count, at - start <= textBytesMax else { return nil }
        at += 1
        return start..<at - 1
    }

    /// As long as any that the generic reader takes.
    private static let textBytesMax = JSONObjectReader.stringBytesMax

    /// Up to 18 digits, which always fit.
    private static func number(_ row: Span<UInt8>, _ at: inout Int) -> Int64? {
        let start = at
        var value: Int64 = 0
        while at < row.count, row[at] >= UInt8(ascii: "0"), row[at] <= UInt8(ascii: "9") {
            guard at - start < 18 else { return nil }
            value = value * 10 + Int64(row[at] - UInt8(ascii: "0"))
            at += 1
        }
        guard at > start, at - start == 1 || row[start] != UInt8(ascii: "0") else { return nil }
        return value
    }
}
