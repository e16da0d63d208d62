import JOSE
package import Raft

/// What a command asks for. Times are either moments the proposer has already promised to somebody
/// (a token's expiry) or spans that count from the leader's stamp.
package enum CommandBody: Sendable, Equatable {
    case foundCluster(FoundCluster)
    /// Cancels an earlier token for the same member name.
    case addJoinToken(AddJoinToken)
    case removeJoinToken(id: String)
    case joinMember(JoinMember)
    case changeMemberAddresses(member: MemberID, addresses: [String])
    case changeMember(ChangeMember)
    /// From the state only, proposed by the leader: a voter must have left the configuration before.
    case removeMember(RemoveMember)
    case renewMemberCertificate(RenewMemberCertificate)
    case setServerCertificate(SetServerCertificate)
    case rotateDataKey(RotateDataKey)
    case rotateAuthority(RotateAuthority)
    case endAuthorityOverlap(EndAuthorityOverlap)
    case addSigningKey(NewSigningKey)
    /// The other active keys of its algorithm go on verifying for `retiringSeconds`, or as long as a token of theirs may
    /// live if that is longer, and sign no more.
    case activateSigningKey(kid: String, retiringSeconds: Int64)
    /// 0 retires at once. An earlier promise to verify for longer is shortened, never prolonged.
    case retireSigningKey(kid: String, retiringSeconds: Int64)
    /// Retired keys only.
    case removeSigningKey(kid: String)
    case revokeToken(RevokeToken)
    case revokeTokens(RevokeTokens)
    /// Of tokens that are over anyway; proposed by the leader.
    case forgetRevocations(tokenIDs: [String])
    /// Anything but a single token.
    case revoke(Revoke)
    /// Of subjects and certificates only.
    case withdrawRevocation(id: String)
    case recordToken(RecordToken)
    /// Revokes the token too.
    case removeNamedToken(id: String, reason: String?)
    case addCertificate(NewCertificate)
    case changeCertificate(ChangeCertificate)
    /// Another version than the one expected by then refuses it; nil removes whatever is there.
    case removeCertificate(fingerprint: String, expectedVersion: LogIndex?)
    case addAddToken(NewAddToken)
    case removeAddToken(id: String)
    case redeemAddToken(RedeemAddToken)
    case addAuthority(NewAuthority)
    case changeAuthority(ChangeAuthority)
    /// Its revocation lists go with it.
    case removeAuthority(fingerprint: String)
    case beginRevocationList(BeginRevocationList)
    case addRevokedSerials(RevokedSerialsRecord)
    /// Puts a list in force that has come whole.
    case commitRevocationList(id: String)
    /// One that is on its way and was given up.
    case removeRevocationList(id: String)
    case issueCertificate(IssueCertificate)
    /// The records of issued certificates that expired some time ago.
    case forgetIssuedCertificates
    case publishClusterList(ClusterListRecord)
    /// Proposed by a leader that knows every member's binary.
    case raiseFeatureLevel(Int64)
    case changeSettings(SettingsChange)
    case importKey(ImportKey)
    case removeImportedKey(id: String)
    /// Never proposed by a member that runs.
    case rebuildCluster(RebuildCluster)
    #if CREDENCE_NEXT
    case note(String)
    #endif

    package var kind: CommandKind {
        switch self {
        case .foundCluster: .foundCluster
        case .addJoinToken: .addJoinToken
        case .removeJoinToken: .removeJoinToken
        case .joinMember: .joinMember
        case .changeMemberAddresses: .changeMemberAddresses
        case .changeMember: .changeMember
        case .removeMember: .removeMember
        case .renewMemberCertificate: .renewMemberCertificate
        case .setServerCertificate: .setServerCertificate
        case .rotateDataKey: .rotateDataKey
        case .rotateAuthority: .rotateAuthority
        case .endAuthorityOverlap: .endAuthorityOverlap
        case .addSigningKey: .addSigningKey
        case .activateSigningKey: .activateSigningKey
        case .retireSigningKey: .retireSigningKey
        case .removeSigningKey: .removeSigningKey
        case .revokeToken: .revokeToken
        case .revokeTokens: .revokeTokens
        case .forgetRevocations: .forgetRevocations
        case .revoke: .revoke
        case .withdrawRevocation: .withdrawRevocation
        case .recordToken: .recordToken
        case .removeNamedToken: .removeNamedToken
        case .addCertificate: .addCertificate
        case .changeCertificate: .changeCertificate
        case .removeCertificate: .removeCertificate
        case .addAddToken: .addAddToken
        case .removeAddToken: .removeAddToken
        case .redeemAddToken: .redeemAddToken
        case .addAuthority: .addAuthority
        case .changeAuthority: .changeAuthority
        case .removeAuthority: .removeAuthority
        case .beginRevocationList: .beginRevocationList
        case .addRevokedSerials: .addRevokedSerials
        case .commitRevocationList: .commitRevocationList
        case .removeRevocationList: .removeRevocationList
        case .issueCertificate: .issueCertificate
        case .forgetIssuedCertificates: .forgetIssuedCertificates
        case .publishClusterList: .publishClusterList
        case .raiseFeatureLevel: .raiseFeatureLevel
        case .changeSettings: .changeSettings
        case .importKey: .importKey
        case .removeImportedKey: .removeImportedKey
        case .rebuildCluster: .rebuildCluster
        #if CREDENCE_NEXT
        case .note: .note
        #endif
        }
    }
}

extension CommandBody {
    /// The rules that need no state. Apply checks them again, so a proposer may call this to answer
    /// sooner, and need not.
    package func check() throws(CommandRefusal) {
        switch self {
        case .foundCluster(let founding): try founding.check()
        case .addJoinToken(let token): try token.check()
        case .removeJoinToken(let id): try Check.key(id, "id")
        case .joinMember(let join): try join.check()
        case .changeMemberAddresses(_, let addresses): try Check.addresses(addresses, "addresses")
        case .changeMember(let change): try change.check()
        case .removeMember(let removal): try removal.check()
        case .renewMemberCertificate(let renewal): try renewal.check()
        case .setServerCertificate(let new): try new.check()
        case .rotateDataKey(let new): try new.check()
        case .rotateAuthority(let new): try new.check()
        case .endAuthorityOverlap(let end): try end.check()
        case .addSigningKey(let key): try key.check()
        case .activateSigningKey(let kid, let seconds), .retireSigningKey(let kid, let seconds):
            try Check.key(kid, "kid")
            try Check.range(seconds, 0...StateLimits.secondsMax, "retiring_seconds")
        case .removeSigningKey(let kid): try Check.key(kid, "kid")
        case .revokeToken(let revocation): try revocation.check()
        case .revokeTokens(let many): try many.check()
        case .forgetRevocations(let ids):
            guard (1...RevokeTokens.countMax).contains(ids.count) else {
                throw .invalid("token_ids", "must hold 1 to \(RevokeTokens.countMax) ids")
            }
            for id in ids { try Check.key(id, "token_ids") }
        case .revoke(let revocation): try revocation.check()
        case .withdrawRevocation(let id): try Check.key(id, "id")
        case .recordToken(let token): try token.check()
        case .removeNamedToken(let id, let reason):
            try Check.key(id, "id")
            if let reason { try Check.text(reason, "reason") }
        case .addCertificate(let new): try new.check()
        case .changeCertificate(let change): try change.check()
        case .removeCertificate(let fingerprint, _): try Check.fingerprint(fingerprint, "fingerprint")
        case .addAddToken(let token): try token.check()
        case .removeAddToken(let id): try Check.key(id, "id")
        case .redeemAddToken(let use): try use.check()
        case .addAuthority(let new): try new.check()
        case .changeAuthority(let change): try change.check()
        case .removeAuthority(let fingerprint): try Check.fingerprint(fingerprint, "fingerprint")
        case .beginRevocationList(let begun): try begun.check()
        case .addRevokedSerials(let chunk): try chunk.check()
        case .commitRevocationList(let id), .removeRevocationList(let id): try Check.key(id, "id")
        case .issueCertificate(let issued): try issued.check()
        case .forgetIssuedCertificates: break
        case .publishClusterList(let list): try list.check()
        case .raiseFeatureLevel(let level):
            try Check.range(level, TrustState.firstFeatureLevel...StateLimits.featureLevelMax, "level")
        // The values depend on each other, so they are judged together with those that stay.
        case .changeSettings(let change):
            guard !change.isEmpty else { throw .invalid("settings", "must name at least one setting") }
        case .importKey(let key): try key.check()
        case .removeImportedKey(let id): try Check.key(id, "id")
        case .rebuildCluster(let rebuilt): try rebuilt.check()
        #if CREDENCE_NEXT
        case .note(let text): try Check.text(text, "text")
        #endif
        }
    }
}
