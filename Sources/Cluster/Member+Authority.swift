import Crypto
import EventLoop
package import TrustStore

/// The cluster's own CA.
extension Member {
    /// Everything is issued by a new CA from now on. The certificate that clients see stays that of the former one until
    /// `overlapSeconds` have passed, so that they can be given the new CA before.
    package func rotateAuthority(
        overlapSeconds: Int64, by actor: TrustStore.Actor, requestID: RequestID? = nil
    ) async throws(ProposeError) {
        guard let new = try prepared({ (rotation) throws(CryptoError) in try rotation.begin(overlapSeconds: overlapSeconds) }) else {
            throw .noLeader
        }
        _ = try await propose(.rotateAuthority(new), by: actor, requestID: requestID)
    }

    /// Shows clients a certificate of the new CA at once, and forgets the former.
    package func endAuthorityOverlap(by actor: TrustStore.Actor, requestID: RequestID? = nil) async throws(ProposeError) {
        try await readBarrier()
        guard let end = try prepared({ (rotation) throws(CryptoError) in try rotation.end() }) else {
            throw .refused(CommandRefusal(.authorityUnknown, "no former CA is in use"))
        }
        _ = try await propose(.endAuthorityOverlap(end), by: actor, requestID: requestID)
    }

    private func prepared<Command>(_ make: (AuthorityRotation) throws(CryptoError) -> Command?) throws(ProposeError) -> Command? {
        do throws(CryptoError) {
            return try make(AuthorityRotation(state: view.state, custody: node.identity.custody, time: WallClock.nowSeconds()))
        } catch {
            throw .keyUnavailable("the cluster's CA could not be changed: \(error)")
        }
    }
}
