import Crypto
import EventLoop
package import TrustStore

extension Member {
    private static let rotationAttemptsMax = 5

    /// Gives the cluster a new data key, sealed to each member's own key, and seals everything under it that was sealed under
    /// the former one: one entry of the log (docs/decisions/0022).
    ///
    /// A key or a member that comes at the same moment has this begin again.
    package func rotateDataKey(by actor: TrustStore.Actor, requestID: RequestID? = nil) async throws(ProposeError) {
        for attempt in 1...Self.rotationAttemptsMax {
            do throws(ProposeError) {
                let rotation = try await makeRotation()
                // Under one id every attempt would be answered with what became of the first.
                _ = try await propose(.rotateDataKey(rotation), by: actor, requestID: attempt == 1 ? requestID : nil)
                return
            } catch .tooLarge {
                throw .keyUnavailable(
                    "there are too many keys and members for one entry of the log; remove retired keys (credence key delete), then try again")
            } catch .refused(let refusal) where refusal.code == .dataKeyChanged && attempt < Self.rotationAttemptsMax {
                // This member may not have applied yet what came in between.
                try await readBarrier()
            }
        }
    }

    private func makeRotation() async throws(ProposeError) -> RotateDataKey {
        let (custody, state) = (node.identity.custody, view.state)
        let key = custody.dataKey
        guard key.id == state.cluster?.dataKeyID ?? [] else {
            throw .refused(CommandRefusal(.dataKeyChanged, "the cluster's data key was changed at the same moment; try again"))
        }
        let made: RotateDataKey?
        do {
            made = try await loop.runBlocking { try custody.rotation(of: state, from: key) }
        } catch {
            throw .keyUnavailable("the data key could not be changed: \(error)")
        }
        guard let made else { throw .noLeader }
        return made
    }
}
