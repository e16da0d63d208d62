package import Crypto
import EventLoop
import Synchronization
package import TrustStore

extension Member {
    /// Puts a checked CRL in force on every member.
    ///
    /// - Returns: the id of the list in force.
    package func importRevocationList(
        _ list: RevocationList, of authority: String, by actor: TrustStore.Actor
    ) async throws(ProposeError) -> Committed {
        try await node.importRevocationList(list, of: authority, by: actor)
    }

    /// Fetches an authority's CRL from its `crl_url` now, from this member.
    package func fetchRevocationList(
        of authority: String, by actor: TrustStore.Actor
    ) async throws(RevocationListFetchError) -> FetchedRevocationList {
        try await node.fetchRevocationList(of: authority, by: actor)
    }

    /// What this member itself tried; nil when it has not.
    package func revocationListAttempt(of authority: String) -> RevocationListAttempt? {
        node.listBook.withLock { $0.attempts[authority] }
    }

    package var revocationListCounts: RevocationListCounts {
        node.listBook.withLock { RevocationListCounts(done: $0.doneCount, failed: $0.failedCount) }
    }
}
