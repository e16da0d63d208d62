import HashTreeCollections
import Raft

/// The revoked tokens by their `jti`. A copy shares all but what changed since.
package struct RevocationTable: Sendable, Equatable {
    private var records: TreeDictionary<String, RevocationRecord> = [:]

    package init() {}

    package var count: Int { records.count }
    package var isEmpty: Bool { records.isEmpty }

    package subscript(tokenID: String) -> RevocationRecord? { records[tokenID] }

    package func contains(_ tokenID: String) -> Bool { records[tokenID] != nil }

    /// Takes time in proportion to all of them.
    func contains(index: LogIndex) -> Bool { records.values.contains { $0.index == index } }

    /// All of them, oldest first. Takes time and memory in proportion: not for the verification path.
    package func sorted() -> [RevocationRecord] {
        records.values.sorted { $0.index < $1.index }
    }

    mutating func insert(_ record: RevocationRecord) {
        records[record.tokenID] = record
    }
}
