import HashTreeCollections
import Raft

extension Step {
    mutating func addCertificate(_ new: NewCertificate) throws(CommandRefusal) -> CommandResult {
        try add(new, tokenHash: nil)
        return done(new.fingerprint)
    }

    private mutating func add(_ new: NewCertificate, tokenHash: [UInt8]?) throws(CommandRefusal) {
        guard state.certificates[new.fingerprint] == nil else { throw Self.isTrustedAlready }
        try checkIsNotRevoked(new.fingerprint)
        try checkRoom(state.certificates.count, below: StateLimits.certificatesMax, "trusted certificates")
        put(
            TrustedCertificateRecord(
                fingerprint: new.fingerprint, certificate: new.certificate, type: new.type, name: new.name, summary: new.summary,
                isRestricted: new.isRestricted, projects: new.projects, tokenHash: tokenHash, createdAt: now,
                createdBy: command.actor.id, version: index))
    }

    /// A change to what is there already changes nothing, the version included: no cached signature and no ETag of
    /// somebody else goes stale over it.
    mutating func changeCertificate(_ change: ChangeCertificate) throws(CommandRefusal) -> CommandResult {
        let former = try certificate(change.fingerprint, expecting: change.expectedVersion)
        var record = former
        record.name = change.name ?? former.name
        record.summary = change.summary ?? former.summary
        record.isRestricted = change.isRestricted ?? former.isRestricted
        record.projects = change.projects ?? former.projects
        if let replacement = change.replacement, replacement.fingerprint != former.fingerprint {
            guard state.certificates[replacement.fingerprint] == nil else { throw Self.isTrustedAlready }
            try checkIsNotRevoked(replacement.fingerprint)
            record.fingerprint = replacement.fingerprint
            record.certificate = replacement.certificate
            record.tokenHash = nil
            removeCertificate(former.fingerprint)
        }
        if record != former { put(record) }
        return done(record.fingerprint)
    }

    mutating func dropCertificate(_ fingerprint: String, expecting version: LogIndex?) throws(CommandRefusal) -> CommandResult {
        removeCertificate(try certificate(fingerprint, expecting: version).fingerprint)
        return done(fingerprint)
    }

    private func certificate(
        _ fingerprint: String, expecting version: LogIndex?
    ) throws(CommandRefusal) -> TrustedCertificateRecord {
        guard let record = state.certificates[fingerprint] else {
            throw CommandRefusal(.certificateUnknown, "Certificate not found")
        }
        guard version == nil || version == record.version else {
            throw CommandRefusal(
                .certificateChanged, "ETag doesn't match: \(record.version.rawValue) vs \(version?.rawValue ?? 0)")
        }
        return record
    }

    /// An entry that speaks for nobody would only look like trust, and an add token would be spent on it.
    private func checkIsNotRevoked(_ fingerprint: String) throws(CommandRefusal) {
        guard let revocation = state.broadRevocations[RevocationTarget.name(ofCertificate: fingerprint)] else { return }
        throw CommandRefusal(.certificateRevoked, "the certificate is revoked; withdraw revocation \(revocation.id) first, if it was a mistake")
    }

    private static let isTrustedAlready = CommandRefusal(.certificateExists, "Certificate already in trust store")
}

// MARK: - Add tokens

extension Step {
    mutating func addAddToken(_ token: NewAddToken) throws(CommandRefusal) -> CommandResult {
        guard state.addTokens[token.id] == nil, !state.addTokens.values.contains(where: { $0.secretHash == token.secretHash })
        else { throw CommandRefusal(.addTokenExists, "an add token with this id or secret exists") }
        guard token.expiresAt.map({ $0 > now }) ?? true else {
            throw CommandRefusal(.addTokenExpired, "the add token would be expired already; compare the members' clocks")
        }
        // An expired token is kept as long as there is room, so that its user is told that it expired.
        if state.addTokens.count >= StateLimits.addTokensMax { forgetExpiredAddTokens() }
        try checkRoom(state.addTokens.count, below: StateLimits.addTokensMax, "certificate add tokens")
        put(
            AddTokenRecord(
                id: token.id, secretHash: token.secretHash, name: token.name, isRestricted: token.isRestricted,
                projects: token.projects, expiresAt: token.expiresAt, createdAt: now, createdBy: command.actor.id))
        return done(token.id)
    }

    private mutating func forgetExpiredAddTokens() {
        let now = now
        // Sorted, because the order of a hash map differs from process to process.
        for id in state.addTokens.filter({ $0.value.isExpired(at: now) }).keys.sorted() { removeAddToken(id) }
    }

    mutating func dropAddToken(_ id: String) throws(CommandRefusal) -> CommandResult {
        guard state.addTokens[id] != nil else {
            throw CommandRefusal(.addTokenUnknown, "Operation not found")
        }
        removeAddToken(id)
        return done(id)
    }

    /// The token and the certificate are judged before either is touched, so a refusal spends no token.
    mutating func redeem(_ use: RedeemAddToken) throws(CommandRefusal) -> CommandResult {
        guard let token = state.addTokens.values.first(where: { Self.isEqual($0.secretHash, use.secretHash) }) else {
            // The first answer to the same use was lost on its way.
            if let known = state.certificates[use.fingerprint], let hash = known.tokenHash, Self.isEqual(hash, use.secretHash) {
                return CommandResult(id: known.fingerprint, index: known.version)
            }
            throw CommandRefusal(.addTokenUnknown, "No matching certificate add operation found")
        }
        guard !token.isExpired(at: now) else { throw CommandRefusal(.addTokenExpired, "Token has expired") }
        try add(
            NewCertificate(
                fingerprint: use.fingerprint, certificate: use.certificate, type: .client, name: token.name,
                isRestricted: token.isRestricted, projects: token.projects),
            tokenHash: token.secretHash)
        removeAddToken(token.id)
        return done(use.fingerprint)
    }
}
