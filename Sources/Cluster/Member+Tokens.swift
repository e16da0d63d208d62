import HashTreeCollections
import Crypto
import EventLoop
package import JOSE
import Raft
package import Tokens
package import TrustStore

/// Why a token was not minted: the request, or the log that was to record its name.
package enum MintFailure: Error, Sendable {
    case request(MintError)
    case log(ProposeError)
    /// This member cannot prove that its view is current, so it may not sign with a key that may be retired.
    case memberStale
}

extension Member {
    /// For so long a key that replaces another is published before it signs.
    package static let keyAnnouncementSeconds = Node.announcementSeconds

    /// Signs a token on this member. Only a named one is written to the log, and then it is returned
    /// only after the name is on record.
    package func mint(
        _ request: MintRequest, by actor: TrustStore.Actor, requestID: RequestID? = nil
    ) async throws(MintFailure) -> MintedToken {
        let view = self.view
        guard freshness(of: view).isFresh else { throw .memberStale }
        let draft: TokenDraft
        do throws(MintError) {
            draft = try TokenMinter.draft(request, in: view.tokens, now: WallClock.nowSeconds())
            guard request.name != nil else { return try TokenMinter.sign(draft, statusIndex: nil, in: view.tokens) }
        } catch {
            throw .request(error)
        }
        return try await record(draft, name: request.name ?? "", by: actor, requestID: requestID)
    }

    /// On record first: the record gives the token its place in the status lists, which it then carries.
    private func record(
        _ draft: TokenDraft, name: String, by actor: TrustStore.Actor, requestID: RequestID?
    ) async throws(MintFailure) -> MintedToken {
        let record = RecordToken(
            id: draft.id, name: name, subject: draft.subject, scopes: draft.scopes, keyID: draft.keyID, issuedAt: draft.issuedAt,
            expiresAt: draft.expiresAt, certificateFingerprint: draft.certificateFingerprint)
        do throws(ProposeError) {
            _ = try await propose(.recordToken(record), by: actor, requestID: requestID)
        } catch {
            throw .log(error)
        }
        let view = self.view
        do throws(MintError) {
            return try TokenMinter.sign(draft, statusIndex: view.state.namedTokens[draft.id]?.statusIndex, in: view.tokens)
        } catch {
            throw .request(error)
        }
    }

    /// Makes a signing key and replicates it, sealed, as pending. The leader activates it once every
    /// member can verify with it, and `seconds` have passed if given.
    package func createSigningKey(
        _ algorithm: JWSAlgorithm, activateIn seconds: Int64?, by actor: TrustStore.Actor, requestID: RequestID? = nil
    ) async throws(ProposeError) -> SigningKeyRecord {
        let committed = try await propose(
            .addSigningKey(try await node.newSigningKey(algorithm, activateIn: seconds)), by: actor, requestID: requestID)
        guard let record = view.state.signingKeys[committed.result.id] else {
            throw .keyUnavailable("the key was removed at the same moment")
        }
        return record
    }
}
