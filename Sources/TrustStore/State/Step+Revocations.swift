import HashTreeCollections
import Raft

extension Step {
    /// How far into the future `before` may reach: as far as clocks of those who issue may run ahead.
    static let revocationAheadSecondsMax: Int64 = 600

    /// One revocation stands for each target. A second one that reaches no further is answered with the first, whose promise
    /// stands since then.
    mutating func revoke(_ revocation: Revoke) throws(CommandRefusal) -> CommandResult {
        let target = revocation.target(at: now)
        if let before = target.before, before > now + Self.revocationAheadSecondsMax {
            throw .invalid("before", "must be at most \(Self.revocationAheadSecondsMax) s in the future: tokens not yet issued are not revoked")
        }
        // Each time: what an earlier revocation says must be so.
        if case .key(let kid) = target, state.broadRevocations[target.name] == nil || state.signingKeys[kid] != nil {
            _ = try retireSigningKey(kid, retiringSeconds: 0)
        }
        if let earlier = state.broadRevocations[target.name], earlier.target.before ?? .max >= target.before ?? .max {
            return CommandResult(id: earlier.id, index: earlier.index)
        }
        // Tokens of the cluster's own imported key do not say when they were issued: the key goes, and the next one is younger
        // than the revocation.
        if case .everything = target, let own = state.clusterImportedKey { removeImportedKey(own.id) }
        if state.broadRevocations[target.name] == nil {
            try checkRoom(state.broadRevocations.count, below: StateLimits.broadRevocationsMax, "revocations of subjects, keys and certificates")
        }
        let record = BroadRevocationRecord(
            target: target, reason: revocation.reason, createdAt: now, createdBy: command.actor.id, index: index)
        put(record)
        return done(record.id)
    }

    mutating func withdrawRevocation(_ id: String) throws(CommandRefusal) -> CommandResult {
        // Not looked up among single tokens: there may be millions, and every member would look at once.
        guard let record = state.broadRevocation(id: id) else {
            throw CommandRefusal(.revocationUnknown, "no subject or certificate is revoked under this id; a revoked token stays revoked")
        }
        guard record.target.canBeWithdrawn else {
            throw CommandRefusal(.revocationFinal, "only revocations of subjects and certificates can be withdrawn")
        }
        removeBroadRevocation(record.target.name)
        return done(id)
    }
}

// MARK: - Many at once

extension Step {
    /// How far a member's clock may lie behind the stamp that it has applied; see `TokenClock` in Tokens.
    static let endedSecondsMin: Int64 = 60

    /// All of them or, when there is no room, none. Tokens revoked before keep their first revocation.
    mutating func revoke(_ many: RevokeTokens) throws(CommandRefusal) -> CommandResult {
        var ordinal: UInt16 = 0
        for token in many.tokens where !state.revokedTokens.contains(token.id) {
            try checkRoom(state.revokedTokens.count, below: StateLimits.revocationsMax, "revocations")
            put(
                RevocationRecord(
                    tokenID: token.id, reason: many.reason, expiresAt: token.expiresAt ?? state.namedTokens[token.id]?.expiresAt,
                    createdAt: now, createdBy: command.actor.id, index: index, ordinal: ordinal))
            ordinal += 1
        }
        return done(String(ordinal))
    }

    /// Forgets revocations of tokens that have expired on every member that has applied this entry: no clock of theirs lies
    /// further behind its stamp. What has not, or is not revoked, is left alone, so a late repetition is harmless.
    mutating func forgetRevocations(_ tokenIDs: [String]) -> CommandResult {
        for id in tokenIDs {
            guard let end = state.revokedTokens[id]?.expiresAt, end < now - Self.endedSecondsMin else { continue }
            removeRevocation(id)
        }
        return done("")
    }
}
