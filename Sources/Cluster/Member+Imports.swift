package import Crypto
import EventLoop
import HashTreeCollections
package import JOSE
import Raft
import Synchronization
package import Tokens
package import TrustStore

/// Keys of other programs, and tokens as those make them.
extension Member {
    /// Seals a secret and replicates it. One that is here already is answered with its record, and nothing changes.
    package func importKey(
        _ secret: SecretBytes, from origin: ImportedKeyOrigin, name: String?, by actor: TrustStore.Actor,
        requestID: RequestID? = nil, timeout: Duration = defaultTimeout
    ) async throws(ProposeError) -> ImportedKeyRecord {
        let key = try seal(secret, from: origin, name: name)
        let committed = try await propose(.importKey(key), by: actor, requestID: requestID, timeout: timeout)
        guard let record = view.state.importedKeys[committed.result.id] else {
            throw .keyUnavailable("the key was removed at the same moment")
        }
        return record
    }

    /// Replicates a key pair, or a secret that tokens name, as a signing key of the cluster. It moves on like one that was made here.
    package func importSigningKey(
        _ key: JWSSigningKey, activateIn seconds: Int64?, by actor: TrustStore.Actor, requestID: RequestID? = nil,
        timeout: Duration = defaultTimeout
    ) async throws(ProposeError) -> SigningKeyRecord {
        let sealed = try node.sealed(key, activateIn: seconds)
        let committed = try await propose(.addSigningKey(sealed), by: actor, requestID: requestID, timeout: timeout)
        guard let record = view.state.signingKeys[committed.result.id] else {
            throw .keyUnavailable("the key was removed at the same moment")
        }
        return record
    }

    private func seal(_ secret: SecretBytes, from origin: ImportedKeyOrigin, name: String?) throws(ProposeError) -> ImportKey {
        let custody = node.identity.custody
        let id = custody.importedKeyID(of: secret, in: view.state)
        do throws(CryptoError) {
            let sealed = try custody.seal(secret, for: .importedKey(id: id))
            return ImportKey(id: id, origin: origin, name: name, sealedSecret: sealed)
        } catch {
            throw .keyUnavailable("the secret could not be sealed: \(error)")
        }
    }

    /// Makes a token as a node would. The first one makes the cluster's own key for them too.
    package func mint(
        _ request: NodeTokenRequest, by actor: TrustStore.Actor, timeout: Duration = defaultTimeout
    ) async throws(MintFailure) -> String {
        guard freshness(of: view).isFresh else { throw .memberStale }
        do throws(ProposeError) {
            try await provideOwnImportedKey(by: actor, timeout: timeout)
        } catch {
            throw .log(error)
        }
        do throws(MintError) {
            return try TokenMinter.mint(request, in: view.tokens, now: WallClock.nowSeconds())
        } catch {
            throw .request(error)
        }
    }

    /// A member that does not have the key would say of a good token that nobody made it, so no token leaves here before every
    /// member has it, or is so far behind that it vouches for nothing. That is waited for once.
    private func provideOwnImportedKey(by actor: TrustStore.Actor, timeout: Duration) async throws(ProposeError) {
        var key = view.state.clusterImportedKey
        if key == nil {
            key = try await importKey(
                SecretBytes(count: HMAC(.sha256).byteCount), from: .cluster, name: nil, by: actor, timeout: timeout)
        }
        guard let key, settledImportedKey.withLock({ $0 != key.version }) else { return }
        _ = try await untilEverywhere(key.version)
        settledImportedKey.withLock { $0 = key.version }
    }
}
