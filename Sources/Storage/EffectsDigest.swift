import Crypto
package import Raft
package import TrustStore

/// The hash over everything that applying has changed so far. Two members whose logs agree and whose digests do
/// not have applied the same entry differently: one of their states is wrong (docs/consensus.md §10).
package enum EffectsDigest {
    package static let byteCount = 32
    package static let start = [UInt8](repeating: 0, count: byteCount)

    /// SHA-256(previous ‖ index ‖ for each change: collection, key and value, each after its length; no value is
    /// the length 2^64 − 1).
    package static func link(_ changes: [StateChange], at index: LogIndex, after previous: [UInt8]) -> [UInt8] {
        var hash = SHA256Stream()
        hash.update(previous)
        hash.update(index.rawValue)
        for change in changes {
            append(Array(change.collection.rawValue.utf8), to: &hash)
            append(Array(change.key.utf8), to: &hash)
            if let value = change.value { append(value, to: &hash) } else { hash.update(UInt64.max) }
        }
        return hash.finalize()
    }

    private static func append(_ bytes: [UInt8], to hash: inout SHA256Stream) {
        hash.update(UInt64(bytes.count))
        hash.update(bytes)
    }
}
