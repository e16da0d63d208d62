import Raft
import Storage

/// What two members that applied the same log the same way must agree on at one index.
package struct AppliedDigest: Equatable, Sendable {
    /// `LogChain` at the index: the log itself.
    package let chain: [UInt8]
    /// `EffectsDigest` at the index: what applying it changed.
    package let effects: [UInt8]

    package static let hashBytes = 32

    package init(chain: [UInt8], effects: [UInt8]) {
        self.chain = chain
        self.effects = effects
    }
}

/// What this member was at its last applied indexes, to be compared with what its leader says it was there
/// (docs/consensus.md §10).
struct AppliedTrail: Sendable {
    enum Finding: Equatable, Sendable {
        case logsDiffer(LogIndex)
        case statesDiffer(LogIndex)
    }

    /// A member further behind compares when it gets to where its leader was.
    static let keptMax = 2_048
    static let awaitedMax = 64

    private var kept: [(index: LogIndex, digest: AppliedDigest)] = []
    private var awaited: [(index: LogIndex, digest: AppliedDigest)] = []

    /// Begins anew, from a state that came from disk or from a snapshot.
    mutating func begin(at point: AppliedPoint) {
        kept = [(point.position.index, AppliedDigest(point))]
        awaited = []
    }

    /// - Returns: how this member differs from its leader at `point`, if its leader has said what it was there.
    mutating func applied(_ point: AppliedPoint) -> Finding? {
        let index = point.position.index
        let digest = AppliedDigest(point)
        if kept.count >= 2 * Self.keptMax { kept.removeFirst(kept.count - Self.keptMax) }
        kept.append((index, digest))
        guard let first = awaited.first, first.index <= index else { return nil }
        let due = awaited.prefix { $0.index <= index }
        awaited.removeFirst(due.count)
        return due.lazy.filter { $0.index == index }.compactMap { Self.difference($0.digest, digest, at: index) }.first
    }

    /// The leader was this at `index`.
    mutating func leaderSays(_ digest: AppliedDigest, at index: LogIndex) -> Finding? {
        guard let newest = kept.last?.index else { return nil }
        if index > newest {
            guard awaited.count < Self.awaitedMax, awaited.last.map({ $0.index < index }) ?? true else { return nil }
            awaited.append((index, digest))
            return nil
        }
        guard let first = kept.first?.index, index >= first else { return nil }
        // Entries are applied one by one, so the indexes have no gaps.
        let own = kept[first.distance(to: index)]
        return own.index == index ? Self.difference(digest, own.digest, at: index) : nil
    }

    /// A new leader may say otherwise.
    mutating func leaderChanged() { awaited = [] }

    private static func difference(_ leader: AppliedDigest, _ own: AppliedDigest, at index: LogIndex) -> Finding? {
        if leader.chain != own.chain { return .logsDiffer(index) }
        return leader.effects != own.effects ? .statesDiffer(index) : nil
    }
}

extension AppliedDigest {
    init(_ point: AppliedPoint) { self.init(chain: point.chain, effects: point.effects) }
}
