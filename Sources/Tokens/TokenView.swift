internal import HashTreeCollections
internal import JOSE
internal import Raft
package import TrustStore

/// What a verdict is a function of, besides the token and the time of day: one applied state and the
/// keys that belong to it. Immutable and shared, since a copy of a state counts one more reference for each of its
/// collections; a request takes one and keeps it.
package final class TokenView: Sendable {
    package let state: TrustState
    package let keys: KeyRing
    private let signingKeyLives: [SigningKeyLife]

    /// - Parameter keys: made for this very state; a key stored differently in it is not used.
    package init(state: TrustState, keys: KeyRing) {
        self.state = state
        self.keys = keys
        signingKeyLives = state.signingKeys.values.map(SigningKeyLife.init)
    }

    /// By its bytes: a stranger's `kid` that only reads the same names no key, and takes no time to be compared with all of them.
    func signingKeyLife(named keyID: String) -> SigningKeyLife? {
        for place in signingKeyLives.indices where signingKeyLives[place].keyID.hasSameBytes(as: keyID) { return signingKeyLives[place] }
        return nil
    }

    /// Whether a key is stored in this very version, and vouches.
    func isLive(keyNamed keyID: String, version: LogIndex, at now: Int64) -> Bool {
        for place in signingKeyLives.indices where signingKeyLives[place].version == version && signingKeyLives[place].keyID == keyID {
            return !signingKeyLives[place].isRetired(at: now)
        }
        return false
    }

    /// The key by that name, whole, for those who explain.
    func signingKey(named keyID: String) -> SigningKeyRecord? {
        signingKeyLife(named: keyID) == nil ? nil : state.signingKeys[keyID]
    }
}

/// What each use of a token asks about its signing key. Apart from the record, since to look that up in the state and to copy it
/// takes a tenth of the verification of a token that was checked before; there are few keys.
struct SigningKeyLife: Sendable {
    let keyID: String
    let version: LogIndex
    let state: SigningKeyState
    let retireAfter: Int64?

    init(_ record: SigningKeyRecord) {
        keyID = record.kid
        version = record.version
        state = record.state
        retireAfter = record.retireAfter
    }

    /// A retired key vouches for nothing, also when its time has come and no command has said so yet.
    func isRetired(at now: Int64) -> Bool {
        state == .retired || retireAfter.map { now >= $0 } ?? false
    }
}

extension SigningKeyRecord {
    func isRetired(at now: Int64) -> Bool { SigningKeyLife(self).isRetired(at: now) }
}
