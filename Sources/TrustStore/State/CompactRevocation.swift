import Raft

/// A revocation in 24 bytes.
struct CompactRevocation: Sendable {
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
        guard Self.areKept(createdAt: record.createdAt, expiresAt: record.expiresAt),
            let cause = causes.number(RevocationCauses.Cause(reason: record.reason, createdBy: record.createdBy))
        else { return nil }
        self.init(
            createdAt: record.createdAt, expiresAt: record.expiresAt, cause: cause, index: record.index.rawValue, ordinal: record.ordinal)
    }

    static func areKept(createdAt: Int64, expiresAt: Int64?) -> Bool {
        let times = 0..<timeMax
        return times.contains(createdAt) && expiresAt.map(times.contains) ?? true
    }

    /// Times are such as are kept.
    init(createdAt: Int64, expiresAt: Int64?, cause: UInt32, index: UInt64, ordinal: UInt16) {
        self.index = index
        createdLow = UInt32(truncatingIfNeeded: createdAt)
        createdHigh = UInt8(truncatingIfNeeded: createdAt >> 32)
        expiresLow = UInt32(truncatingIfNeeded: expiresAt ?? 0)
        expiresHigh = expiresAt.map { UInt8(truncatingIfNeeded: $0 >> 32) } ?? Self.noEnd
        self.cause = cause
        self.ordinal = ordinal
    }

    var createdAt: Int64 { Int64(createdHigh) << 32 | Int64(createdLow) }
    var expiresAt: Int64? { expiresHigh == Self.noEnd ? nil : Int64(expiresHigh) << 32 | Int64(expiresLow) }
}
