import EventLoop
import HashTreeCollections
package import Raft
package import TrustStore

/// Why a member is not removed.
package enum RemovalError: Error, Equatable, Sendable {
    case unknownMember
    /// Too few voters would be within reach; the text says which, and what to do.
    case quorumAtRisk(String)
    case notCommitted(ProposeError)
    /// It is leaving, and the leader goes on by itself.
    case underWay(String)
    /// Somebody else wants it to stay.
    case takenBack(String)
}

extension Member {
    /// How long a removal is waited for: leadership is handed over, a replica takes the vote, the member gives it up.
    package static let removalTimeout: Duration = .seconds(20)

    /// Takes a member out: its vote first, if it has one, then its record. From then on its key opens nothing.
    ///
    /// The wish is in the log before anything else is done, so whoever leads next finishes it. Works on the leader and on
    /// the member itself, and on one that is gone for ever.
    package func removeMember(
        _ id: MemberID, expectedVersion: LogIndex? = nil, by actor: TrustStore.Actor, requestID: RequestID? = nil,
        timeout: Duration = removalTimeout
    ) async throws(RemovalError) {
        guard let record = view.state.members[id] else { throw .unknownMember }
        let obstacle = await node.outcome { (node: isolated Node) async throws(Never) in node.obstacle(toRemoving: id) }.get()
        if let obstacle { throw .quorumAtRisk(obstacle) }
        let deadline = MonotonicInstant.now() + timeout
        do throws(ProposeError) {
            let wish = ChangeMember(id, expectedVersion: expectedVersion, isLeaving: true)
            _ = try await propose(.changeMember(wish), by: actor, requestID: requestID)
        } catch {
            throw .notCommitted(error)
        }
        // Each entry that is applied may be the last step.
        while let current = view.state.members[id] {
            guard current.isLeaving else { throw .takenBack(record.name) }
            let left = deadline - .now()
            guard left > .zero else { throw .underWay(record.name) }
            do throws(ProposeError) {
                _ = try await waitUntilApplied(view.index.next, timeout: left)
            } catch {
                // Removed itself, this member is told so by the others, and no more of the log.
                if id == self.id, haltedReason == Node.removedReason { return }
                if case .notApplied = error { throw .underWay(record.name) }
                throw .notCommitted(error)
            }
        }
    }

    /// As `removeMember` judges: nil when the vote can be given up.
    package func obstacle(toDemoting id: MemberID) async -> String? { await node.obstacle(toRemoving: id) }

    private var haltedReason: String? { node.haltedReason }
}
