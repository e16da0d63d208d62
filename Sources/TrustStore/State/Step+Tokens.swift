import HashTreeCollections
import Raft

extension Step {
    /// A second revocation of the same token is answered with the first one: the promise stands since then.
    mutating func revoke(_ revocation: RevokeToken) throws(CommandRefusal) -> CommandResult {
        if let earlier = state.revokedTokens[revocation.tokenID] {
            return CommandResult(id: earlier.id, index: earlier.index)
        }
        try checkRoom(state.revokedTokens.count, below: StateLimits.revocationsMax, "revocations")
        let record = RevocationRecord(
            tokenID: revocation.tokenID, reason: revocation.reason,
            expiresAt: revocation.expiresAt ?? state.namedTokens[revocation.tokenID]?.expiresAt,
            createdAt: now, createdBy: command.actor.id, index: index)
        put(record)
        return done(record.id)
    }

    mutating func record(_ token: RecordToken) throws(CommandRefusal) -> CommandResult {
        guard state.namedTokens[token.id] == nil else {
            throw CommandRefusal(.namedTokenExists, "a token with this id is recorded")
        }
        guard state.signingKeys[token.keyID] != nil else {
            throw CommandRefusal(.signingKeyUnknown, "the key that signed the token is not in the cluster any more")
        }
        if state.namedTokens.count >= StateLimits.namedTokensMax { forgetExpiredNamedTokens() }
        try checkRoom(state.namedTokens.count, below: StateLimits.namedTokensMax, "named tokens")
        put(
            NamedTokenRecord(
                id: token.id, name: token.name, subject: token.subject, scopes: token.scopes,
                keyID: token.keyID, issuedAt: token.issuedAt, createdAt: now, expiresAt: token.expiresAt, createdBy: command.actor.id,
                statusIndex: takeStatusIndex(), certificateFingerprint: token.certificateFingerprint))
        noteMeta()
        return done(token.id)
    }

    private mutating func forgetExpiredNamedTokens() {
        let now = now
        for id in state.namedTokens.filter({ $0.value.expiresAt <= now }).keys.sorted() { removeNamedToken(id) }
    }

    /// The answer is that of the revocation, since that is what whoever deletes a token waits for.
    mutating func dropNamedToken(_ id: String, reason: String?) throws(CommandRefusal) -> CommandResult {
        guard let token = state.namedTokens[id] else {
            throw CommandRefusal(.namedTokenUnknown, "no token with this id is recorded")
        }
        let result = try revoke(RevokeToken(tokenID: id, expiresAt: token.expiresAt, reason: reason))
        removeNamedToken(id)
        return result
    }
}
