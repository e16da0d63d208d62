package import Raft

/// Where a revocation stands among all: its entry, and its place in that. As text it is the revocation's id.
package struct RevocationPlace: Sendable, Hashable, Comparable {
    package let index: LogIndex
    package let ordinal: UInt16

    package init(index: LogIndex, ordinal: UInt16 = 0) {
        self.index = index
        self.ordinal = ordinal
    }

    /// Nil for a text that is no id of a revocation.
    package init?(_ id: String) {
        let parts = id.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let index = UInt64(parts[0]), index <= LogIndex.max.rawValue else { return nil }
        let ordinal = parts.count == 2 ? UInt16(parts[1]) : 0
        guard let ordinal else { return nil }
        self.init(index: LogIndex(index), ordinal: ordinal)
        guard self.id == id else { return nil }
    }

    package var id: String { ordinal == 0 ? String(index.rawValue) : "\(index.rawValue).\(ordinal)" }

    package static func < (first: RevocationPlace, second: RevocationPlace) -> Bool {
        (first.index, first.ordinal) < (second.index, second.ordinal)
    }
}
