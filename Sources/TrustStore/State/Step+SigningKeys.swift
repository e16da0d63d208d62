import HashTreeCollections
import Raft

extension Step {
    mutating func addSigningKey(_ key: NewSigningKey) throws(CommandRefusal) -> CommandResult {
        guard state.signingKeys[key.kid] == nil else {
            throw CommandRefusal(.signingKeyExists, "a signing key with this kid exists")
        }
        // A key that was revoked and destroyed may come again, imported by somebody who does not know.
        guard state.broadRevocations[RevocationTarget.key(kid: key.kid).name] == nil else {
            throw CommandRefusal(.signingKeyState, "a key with this kid was revoked, and never signs or verifies again")
        }
        try checkSealing(key.sealedPrivateKey)
        try checkRoom(state.signingKeys.count, below: StateLimits.signingKeysMax, "signing keys")
        var record = SigningKeyRecord(
            kid: key.kid, algorithm: key.algorithm, state: .pending, publicKey: key.publicKey,
            sealedPrivateKey: key.sealedPrivateKey, createdAt: now, version: index)
        switch key.start {
        case .active:
            record.state = .active
            record.activatedAt = now
            record.tokenSecondsMax = state.settings.tokenSecondsMax
        case .pending(let seconds): record.activateAfter = seconds.map { now + $0 }
        }
        put(record)
        return done(key.kid)
    }

    mutating func activateSigningKey(_ kid: String, retiringSeconds: Int64) throws(CommandRefusal) -> CommandResult {
        guard var key = state.signingKeys[kid] else { throw unknownSigningKey }
        switch key.state {
        case .retiring, .retired:
            throw CommandRefusal(.signingKeyState, "the key is \(key.state.rawValue); a key never signs again")
        case .active: break
        case .pending:
            if let earliest = key.activateAfter, now < earliest {
                throw CommandRefusal(.signingKeyTooEarly, "the key may be activated in \(earliest - now) s")
            }
            key.state = .active
            key.activatedAt = now
            key.tokenSecondsMax = state.settings.tokenSecondsMax
            put(key)
        }
        // Sorted, because the order of a hash map differs from process to process.
        let others = state.signingKeys.values
            .filter { $0.algorithm == key.algorithm && $0.state == .active && $0.kid != kid }
            .sorted { $0.kid < $1.kid }
        for other in others { put(retiring(other, after: max(retiringSeconds, other.tokenSecondsMax))) }
        return done(kid)
    }

    /// Tokens of these keys may live longer from now on.
    mutating func tokensMayLive(for seconds: Int64) {
        let keys = state.signingKeys.values.filter { $0.state == .active && $0.tokenSecondsMax < seconds }.sorted { $0.kid < $1.kid }
        for key in keys {
            var changed = key
            changed.tokenSecondsMax = seconds
            put(changed)
        }
    }

    mutating func retireSigningKey(_ kid: String, retiringSeconds: Int64) throws(CommandRefusal) -> CommandResult {
        guard let key = state.signingKeys[kid] else { throw unknownSigningKey }
        let changed = retiring(key, after: retiringSeconds)
        if changed != key { put(changed) }
        return done(kid)
    }

    mutating func dropSigningKey(_ kid: String) throws(CommandRefusal) -> CommandResult {
        guard let key = state.signingKeys[kid] else { throw unknownSigningKey }
        guard key.state == .retired else {
            throw CommandRefusal(.signingKeyState, "the key is \(key.state.rawValue); retire it first")
        }
        removeSigningKey(kid)
        return done(kid)
    }

    /// The key on its way out: it verifies until the earlier of an old promise and `seconds` from now.
    /// A pending key has signed nothing, so nothing has to go on verifying.
    private func retiring(_ key: SigningKeyRecord, after seconds: Int64) -> SigningKeyRecord {
        guard key.state != .retired else { return key }
        var changed = key
        let end = min(key.retireAfter ?? Int64.max, now + seconds)
        changed.retireAfter = end
        changed.retiringAt = key.retiringAt ?? now
        if end <= now || key.state == .pending {
            changed.state = .retired
            changed.retireAfter = min(end, now)
            changed.retiredAt = now
        } else {
            changed.state = .retiring
        }
        return changed
    }

    private var unknownSigningKey: CommandRefusal { CommandRefusal(.signingKeyUnknown, "no such signing key") }
}
