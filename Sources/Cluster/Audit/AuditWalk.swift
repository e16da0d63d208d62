import Storage

/// The first entry of a record that is not what was written, or what kept it from being read.
package enum AuditFault: Error, Equatable, Sendable {
    case entry(index: UInt64, what: String)
    case unreadable(String)
}

/// A walk along the chain of entries that come from anywhere: a member, a file, an export.
package struct AuditWalk: Sendable, Equatable {
    private var walk: ChainWalk

    package var index: UInt64 { walk.index }
    package var chain: [UInt8] { walk.chain }

    /// - Parameter chain: the hash of the entry at `index` and all before it.
    package init(after index: UInt64, chain: [UInt8]) {
        walk = ChainWalk(after: index, chain: chain)
    }

    /// From the first entry of all.
    package init() { walk = ChainWalk() }

    package mutating func take(
        index: UInt64, term: UInt64, kind: UInt64, bytes: [UInt8], chain: [UInt8]
    ) throws(AuditFault) {
        do throws(ChainFault) {
            try walk.take(index: index, term: term, kind: kind, payload: bytes, chain: chain)
        } catch {
            throw .entry(index: error.index, what: error.what)
        }
    }
}
