import Crypto
import HashTreeCollections
import JOSE
import Raft
import Synchronization
import Tokens
import TrustStore

/// The cluster's public keys as they are published: made once for each entry of the log, since to read and write the keys takes
/// a fraction of a millisecond each, and anybody may ask, as often as he likes.
final class KeySetCache: Sendable {
    struct KeySet: Sendable {
        let body: [UInt8]
        let tag: String
    }

    private struct Entry: Sendable {
        let index: LogIndex
        /// Unix seconds, until the next key's time is over.
        let seconds: Range<Int64>
        let keySet: KeySet
    }

    private let kept = Mutex<Entry?>(nil)

    func keySet(of state: TrustState, at index: LogIndex, now: Int64) -> KeySet {
        if let entry = kept.withLock({ $0 }), entry.index == index, entry.seconds.contains(now) { return entry.keySet }
        let end = state.signingKeys.values.compactMap(\.retireAfter).filter { $0 > now }.min() ?? .max
        let entry = Entry(index: index, seconds: now..<max(end, now + 1), keySet: Self.make(state, now: now))
        kept.withLock { $0 = entry }
        return entry.keySet
    }

    /// Pending keys too, so that whoever caches the set knows a key before it signs.
    private static func make(_ state: TrustState, now: Int64) -> KeySet {
        let keys = state.signingKeys.values
            .filter { $0.state != .retired && ($0.retireAfter.map { now < $0 } ?? true) }
            .sorted { ($0.createdAt, $0.kid) < ($1.createdAt, $1.kid) }
            .compactMap { key in
                key.publicKey.flatMap { try? PublicKey(spki: $0) }.flatMap { try? JWK($0, algorithm: key.algorithm.jws, keyID: key.kid) }
            }
        let body = JWKSet(keys).json.encoded()
        return KeySet(body: body, tag: EntityTag.of(body))
    }
}
