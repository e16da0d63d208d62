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
        if let earlier = state.broadRevocations[target.name], earlier.target.before ?? .max >= target.before ?? .max {
            return CommandResult(id: earlier.id, index: earlier.index)
        }
        if case .key(let kid) = target { _ = try retireSigningKey(kid, retiringSeconds: 0) }
        if state.broadRevocations[target.name] == nil {
            try checkRoom(state.broadRevocations.count, below: StateLimits.broadRevocationsMax, "revocations of subjects, keys and certificates")
        }
        let record = BroadRevocationRecord(
            target: target, reason: revocation.reason, createdAt: now, createdBy: command.actor.id, index: index)
        put(record)
        return done(record.id)
    }

    mutating func withdrawRevocation(_ id: String) throws(CommandRefusal) -> CommandResult {
        guard let record = state.broadRevocation(id: id) else {
            guard let number = UInt64(id), state.revokedTokens.contains(index: LogIndex(number)) else {
                throw CommandRefusal(.revocationUnknown, "no such revocation")
            }
            throw CommandRefusal(.revocationFinal, "a revoked token stays revoked; mint another")
        }
        guard record.target.canBeWithdrawn else {
            throw CommandRefusal(.revocationFinal, "only revocations of subjects and certificates can be withdrawn")
        }
        removeBroadRevocation(record.target.name)
        return done(id)
    }
}
