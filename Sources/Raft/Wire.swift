/// Why bytes are not what they claim to be. Carries the field's name and the offending number,
/// never the bytes themselves.
package enum WireError: Error, Equatable, Sendable {
    case truncated
    case trailingBytes(Int)
    case unsupportedVersion(UInt8)
    case unknownKind(UInt8)
    case overBound(StaticText, UInt64)
    case invalid(StaticText)
}

/// A compile-time text that can be compared, so that errors can name a field without allocating.
package struct StaticText: Equatable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    package let description: String
    package init(stringLiteral value: String) { description = value }
}

/// Appends big-endian fields to a buffer.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ value: UInt8) { bytes.append(value) }

    mutating func write(_ value: UInt32) {
        for shift in stride(from: 24, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
        }
    }

    mutating func write(_ value: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }

    mutating func write(_ value: MemberID) {
        write(value.high)
        write(value.low)
    }

    mutating func write(_ value: LogPosition) {
        write(value.term.rawValue)
        write(value.index.rawValue)
    }

    mutating func write(_ value: [UInt8]) { bytes.append(contentsOf: value) }

    init(_ bytes: consuming [UInt8] = []) { self.bytes = bytes }
}

/// Reads big-endian fields from a stranger's bytes. Every read checks its bound first; nothing here traps.
///
/// The bytes are passed to each read instead of being held: a `Span` cannot be stored in a plain struct.
struct WireReader {
    private(set) var offset = 0

    func remaining(in bytes: Span<UInt8>) -> Int { bytes.count - offset }

    mutating func readByte(_ bytes: Span<UInt8>) throws(WireError) -> UInt8 {
        guard remaining(in: bytes) >= 1 else { throw .truncated }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// A byte that must be 0 or 1: one value has one encoding.
    mutating func readBool(_ bytes: Span<UInt8>) throws(WireError) -> Bool {
        switch try readByte(bytes) {
        case 0: false
        case 1: true
        default: throw .invalid("boolean")
        }
    }

    mutating func readUInt32(_ bytes: Span<UInt8>) throws(WireError) -> UInt32 {
        guard remaining(in: bytes) >= 4 else { throw .truncated }
        var value: UInt32 = 0
        for position in offset..<offset + 4 { value = value << 8 | UInt32(bytes[position]) }
        offset += 4
        return value
    }

    mutating func readUInt64(_ bytes: Span<UInt8>) throws(WireError) -> UInt64 {
        guard remaining(in: bytes) >= 8 else { throw .truncated }
        var value: UInt64 = 0
        for position in offset..<offset + 8 { value = value << 8 | UInt64(bytes[position]) }
        offset += 8
        return value
    }

    /// `count` must already be bounded by the caller; the copy is never larger than what is really there.
    mutating func readBytes(_ count: Int, of bytes: Span<UInt8>) throws(WireError) -> [UInt8] {
        guard count >= 0, remaining(in: bytes) >= count else { throw .truncated }
        let slice = bytes.extracting(offset..<offset + count)
        offset += count
        return unsafe slice.withUnsafeBufferPointer { unsafe Array($0) }  // one copy, inside the closure
    }

    mutating func readMemberID(_ bytes: Span<UInt8>) throws(WireError) -> MemberID {
        MemberID(high: try readUInt64(bytes), low: try readUInt64(bytes))
    }

    mutating func readTerm(_ bytes: Span<UInt8>) throws(WireError) -> Term {
        let value = try readUInt64(bytes)
        guard value <= Term.max.rawValue else { throw .overBound("term", value) }
        return Term(value)
    }

    mutating func readIndex(_ bytes: Span<UInt8>) throws(WireError) -> LogIndex {
        let value = try readUInt64(bytes)
        guard value <= LogIndex.max.rawValue else { throw .overBound("index", value) }
        return LogIndex(value)
    }

    mutating func readPosition(_ bytes: Span<UInt8>) throws(WireError) -> LogPosition {
        LogPosition(term: try readTerm(bytes), index: try readIndex(bytes))
    }

    mutating func expectVersion(_ version: UInt8, in bytes: Span<UInt8>) throws(WireError) {
        let seen = try readByte(bytes)
        guard seen == version else { throw .unsupportedVersion(seen) }
    }

    func expectEnd(of bytes: Span<UInt8>) throws(WireError) {
        guard remaining(in: bytes) == 0 else { throw .trailingBytes(remaining(in: bytes)) }
    }
}
