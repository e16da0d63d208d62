import Raft
import TrustStore

/// Proposals handed to this member's own core, by the number the core answers with.
struct OfferTable {
    enum Origin: Equatable {
        case here
        case member(MemberID)
        /// The leader's own housekeeping, which tries again by itself.
        case configuration
    }

    struct Offer {
        let requestID: RequestID
        let origin: Origin
    }

    private var nextID: UInt64 = 1
    private var offers: [UInt64: Offer] = [:]
    /// Collected until the end of the loop's turn, so that proposals that arrive together share one
    /// append, one write and one message to each peer.
    private(set) var batch: [Raft.Proposal] = []

    mutating func add(_ payload: [UInt8], requestID: RequestID, origin: Origin) -> (id: UInt64, isFirst: Bool) {
        let id = reserve(requestID: requestID, origin: origin)
        batch.append(Raft.Proposal(id: id, payload: payload))
        return (id, batch.count == 1)
    }

    mutating func reserve(requestID: RequestID, origin: Origin) -> UInt64 {
        defer { nextID += 1 }
        offers[nextID] = Offer(requestID: requestID, origin: origin)
        return nextID
    }

    mutating func takeBatch() -> [Raft.Proposal] {
        defer { batch.removeAll(keepingCapacity: true) }
        return batch
    }

    mutating func take(_ id: UInt64) -> Offer? {
        offers.removeValue(forKey: id)
    }
}
