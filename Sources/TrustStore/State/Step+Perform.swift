import HashTreeCollections
import Raft

extension Step {
    /// Carries the command out, or says why not; the caller drops this step then.
    mutating func perform() throws(CommandRefusal) -> CommandResult {
        try checkAge()
        try command.actor.check()
        try command.body.check()
        if case .foundCluster(let founding) = command.body { return try found(founding) }
        guard state.cluster != nil else {
            throw CommandRefusal(.clusterNotFounded, "there is no cluster yet")
        }
        switch command.body {
        case .foundCluster(let founding): return try found(founding)
        case .addJoinToken(let token): return try addJoinToken(token)
        case .removeJoinToken(let id): return try dropJoinToken(id)
        case .joinMember(let join): return try joinMember(join)
        case .changeMemberAddresses(let member, let addresses): return try changeAddresses(of: member, to: addresses)
        case .changeMember(let change): return try changeMember(change)
        case .removeMember(let removal): return try dropMember(removal)
        case .renewMemberCertificate(let renewal): return try renewCertificate(renewal)
        case .setServerCertificate(let new): return try setServerCertificate(new)
        case .rotateDataKey(let new): return try rotateDataKey(new)
        case .rotateAuthority(let new): return try rotateAuthority(new)
        case .endAuthorityOverlap(let end): return try endOverlap(end)
        case .addSigningKey(let key): return try addSigningKey(key)
        case .activateSigningKey(let kid, let seconds): return try activateSigningKey(kid, retiringSeconds: seconds)
        case .retireSigningKey(let kid, let seconds): return try retireSigningKey(kid, retiringSeconds: seconds)
        case .removeSigningKey(let kid): return try dropSigningKey(kid)
        case .revokeToken(let revocation): return try revoke(revocation)
        case .revokeTokens(let many): return try revoke(many)
        case .forgetRevocations(let ids): return forgetRevocations(ids)
        case .revoke(let revocation): return try revoke(revocation)
        case .withdrawRevocation(let id): return try withdrawRevocation(id)
        case .recordToken(let token): return try record(token)
        case .removeNamedToken(let id, let reason): return try dropNamedToken(id, reason: reason)
        case .addCertificate(let new): return try addCertificate(new)
        case .changeCertificate(let change): return try changeCertificate(change)
        case .removeCertificate(let fingerprint, let version): return try dropCertificate(fingerprint, expecting: version)
        case .addAddToken(let token): return try addAddToken(token)
        case .removeAddToken(let id): return try dropAddToken(id)
        case .redeemAddToken(let use): return try redeem(use)
        case .addAuthority(let new): return try addAuthority(new)
        case .changeAuthority(let change): return try changeAuthority(change)
        case .removeAuthority(let fingerprint): return try dropAuthority(fingerprint)
        case .beginRevocationList(let begun): return try begin(begun)
        case .addRevokedSerials(let chunk): return try add(chunk)
        case .commitRevocationList(let id): return try commitList(id)
        case .removeRevocationList(let id): return try dropPendingList(id)
        case .issueCertificate(let issued): return try issue(issued)
        case .forgetIssuedCertificates: return try forgetIssued()
        case .publishClusterList(let list): return try publish(list)
        case .raiseFeatureLevel(let level): return try raiseFeatureLevel(to: level)
        case .changeSettings(let change): return try changeSettings(change)
        case .importKey(let key): return try importKey(key)
        case .removeImportedKey(let id): return try dropImportedKey(id)
        case .rebuildCluster(let rebuilt): return try rebuild(rebuilt)
        #if CREDENCE_NEXT
        case .note: return done("")
        #endif
        }
    }

    /// A request is remembered for as many entries as it may be old, so one that is applied twice is
    /// either recognised or refused here.
    private func checkAge() throws(CommandRefusal) {
        guard command.proposedAfter < index else {
            throw .invalid("proposed_after", "must be below the entry's own index")
        }
        guard index.rawValue - command.proposedAfter.rawValue <= StateLimits.requestWindowEntries else {
            throw CommandRefusal(
                .requestTooOld,
                "the request is more than \(StateLimits.requestWindowEntries) entries old; look whether it was done, then send a new one")
        }
    }

    func checkRoom(_ count: Int, below max: Int, _ noun: String) throws(CommandRefusal) {
        guard count < max else {
            throw CommandRefusal(.limitReached, "there are \(max) \(noun) already, which is the most there can be")
        }
    }
}
