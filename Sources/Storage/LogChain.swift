import Crypto
package import Raft

/// The hash that ties an entry to all before it. Two members whose chains agree at an index hold the
/// same log up to there; a changed byte anywhere shows at its entry.
package enum LogChain {
    package static let byteCount = 32
    /// What the first entry is chained to.
    package static let start = [UInt8](repeating: 0, count: byteCount)

    /// SHA-256(previous chain ‖ index ‖ term ‖ kind ‖ payload), the numbers as big-endian 64-bit
    /// integers. Everything before the payload has a fixed length, so no two entries share an input.
    package static func link(_ entry: Entry, after previous: [UInt8]) -> [UInt8] {
        link(
            index: entry.index.rawValue, term: entry.term.rawValue, kind: UInt64(entry.kind.rawValue), payload: entry.payload,
            after: previous)
    }

    /// The same over what a file says, before anybody believes that it is an entry.
    static func link(index: UInt64, term: UInt64, kind: UInt64, payload: [UInt8], after previous: [UInt8]) -> [UInt8] {
        var hash = SHA256Stream()
        hash.update(previous)
        hash.update(index)
        hash.update(term)
        hash.update(kind)
        hash.update(payload)
        return hash.finalize()
    }
}
