internal import Crypto
internal import HashTreeCollections
internal import JOSE
internal import TrustStore

/// A token to be made as a Forest or Lotus node makes them (`Filecoin.AuthNew`): permissions and an end, nothing else.
package struct NodeTokenRequest: Sendable, Equatable {
    /// The permissions of such nodes, each including those before it.
    package static let permissions = ScopeSet.ladder

    package let permissions: [String]
    /// From now on; nil for as long as the cluster lets a token live.
    package let lifetimeSeconds: Int64?

    package init(permissions: [String], lifetimeSeconds: Int64?) {
        self.permissions = permissions
        self.lifetimeSeconds = lifetimeSeconds
    }

    /// All that a level includes: those nodes look for the very word, and do not know that `admin` may read.
    package static func permissions(upTo level: String) -> [String]? {
        permissions.firstIndex(of: level).map { Array(permissions[...$0]) }
    }

    func check(lifetimeSecondsMax: Int64) throws(JSONFieldError) {
        guard !permissions.isEmpty, permissions.allSatisfy(Self.permissions.contains), Set(permissions).count == permissions.count else {
            throw JSONFieldError(field: "permissions", "must name \(Self.permissions.joined(separator: ", ")), each at most once")
        }
        if let lifetimeSeconds, !(1...lifetimeSecondsMax).contains(lifetimeSeconds) {
            throw JSONFieldError(field: "expirationSecs", "must be an integer from 1 to \(lifetimeSecondsMax)")
        }
    }
}

extension TokenMinter {
    /// Signed with the cluster's own imported key; `noActiveKey` when the state has none.
    ///
    /// HMAC is a function: two requests for the same permissions with the same end get the same token, and revoking it
    /// revokes it for both.
    package static func mint(
        _ request: NodeTokenRequest, in view: TokenView, now: Int64
    ) throws(MintError) -> String {
        guard let cluster = view.state.cluster else { throw .noCluster }
        do throws(JSONFieldError) {
            try request.check(lifetimeSecondsMax: cluster.settings.tokenSecondsMax)
        } catch {
            throw .invalid(error)
        }
        let own = view.state.clusterImportedKey
        guard let key = view.keys.importedKeys(in: view.state).first(where: { $0.id == own?.id }) else { throw .noActiveKey(.hs256) }
        let time = TokenClock.now(wallClock: now, appliedAtMilliseconds: view.state.appliedAtMilliseconds)
        let claims: JSON = [
            "Allow": .strings(request.permissions),
            "exp": .integer(time + (request.lifetimeSeconds ?? cluster.settings.tokenSecondsMax)),
        ]
        do {
            let token = try JWSCompact.sign(header: ["alg": "HS256", "typ": "JWT"], payload: claims.encoded(), with: key.signing)
            return String(decoding: token, as: UTF8.self)
        } catch {
            throw .signingFailed
        }
    }
}
