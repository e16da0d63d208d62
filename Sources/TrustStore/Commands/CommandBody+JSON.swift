import JOSE
import Raft

extension CommandBody {
    func write(to writer: inout RecordWriter) {
        switch self {
        case .foundCluster(let founding): founding.write(to: &writer)
        case .addJoinToken(let token): token.write(to: &writer)
        case .removeJoinToken(let id): writer.string("id", id)
        case .joinMember(let join): join.write(to: &writer)
        case .changeMemberAddresses(let member, let addresses):
            writer.string("member", member.description)
            writer.strings("addresses", addresses)
        case .changeMember(let change): change.write(to: &writer)
        case .removeMember(let removal): removal.write(to: &writer)
        case .renewMemberCertificate(let renewal): renewal.write(to: &writer)
        case .setServerCertificate(let new): new.write(to: &writer)
        case .rotateDataKey(let new): new.write(to: &writer)
        case .rotateAuthority(let new): new.write(to: &writer)
        case .endAuthorityOverlap(let end): end.write(to: &writer)
        case .addSigningKey(let key): key.write(to: &writer)
        case .activateSigningKey(let kid, let seconds), .retireSigningKey(let kid, let seconds):
            writer.string("kid", kid)
            writer.integer("retiring_seconds", seconds)
        case .removeSigningKey(let kid): writer.string("kid", kid)
        case .revokeToken(let revocation): revocation.write(to: &writer)
        case .revokeTokens(let many): many.write(to: &writer)
        case .forgetRevocations(let ids): writer.strings("token_ids", ids)
        case .revoke(let revocation): revocation.write(to: &writer)
        case .withdrawRevocation(let id): writer.string("id", id)
        case .recordToken(let token): token.write(to: &writer)
        case .removeNamedToken(let id, let reason):
            writer.string("id", id)
            writer.string("reason", reason)
        case .addCertificate(let new): new.write(to: &writer)
        case .changeCertificate(let change): change.write(to: &writer)
        case .removeCertificate(let fingerprint, let version):
            writer.string("fingerprint", fingerprint)
            if let version { writer.index("expected_version", version) }
        case .addAddToken(let token): token.write(to: &writer)
        case .removeAddToken(let id): writer.string("id", id)
        case .redeemAddToken(let use): use.write(to: &writer)
        case .addAuthority(let new): new.write(to: &writer)
        case .changeAuthority(let change): change.write(to: &writer)
        case .removeAuthority(let fingerprint): writer.string("fingerprint", fingerprint)
        case .beginRevocationList(let begun): begun.write(to: &writer)
        case .addRevokedSerials(let chunk): chunk.write(to: &writer)
        case .commitRevocationList(let id), .removeRevocationList(let id): writer.string("id", id)
        case .issueCertificate(let issued): issued.write(to: &writer)
        case .forgetIssuedCertificates: break
        case .publishClusterList(let list): list.write(to: &writer)
        case .raiseFeatureLevel(let level): writer.integer("level", level)
        case .changeSettings(let change): writer.record("settings", change)
        case .importKey(let key): key.write(to: &writer)
        case .removeImportedKey(let id): writer.string("id", id)
        case .rebuildCluster(let rebuilt): rebuilt.write(to: &writer)
        #if CREDENCE_NEXT
        case .note(let text): writer.string("text", text)
        #endif
        }
    }

    init(_ kind: CommandKind, from reader: inout JSONObjectReader) throws(JSONFieldError) {
        switch kind {
        case .foundCluster: self = .foundCluster(try FoundCluster(from: &reader))
        case .addJoinToken: self = .addJoinToken(try AddJoinToken(from: &reader))
        case .removeJoinToken: self = .removeJoinToken(id: try reader.string("id"))
        case .joinMember: self = .joinMember(try JoinMember(from: &reader))
        case .changeMemberAddresses:
            self = .changeMemberAddresses(
                member: try reader.memberID("member"), addresses: try reader.strings("addresses"))
        case .changeMember: self = .changeMember(try ChangeMember(from: &reader))
        case .removeMember: self = .removeMember(try RemoveMember(from: &reader))
        case .renewMemberCertificate: self = .renewMemberCertificate(try RenewMemberCertificate(from: &reader))
        case .setServerCertificate: self = .setServerCertificate(try SetServerCertificate(from: &reader))
        case .rotateDataKey: self = .rotateDataKey(try RotateDataKey(from: &reader))
        case .rotateAuthority: self = .rotateAuthority(try RotateAuthority(from: &reader))
        case .endAuthorityOverlap: self = .endAuthorityOverlap(try EndAuthorityOverlap(from: &reader))
        case .addSigningKey: self = .addSigningKey(try NewSigningKey(from: &reader))
        case .activateSigningKey:
            self = .activateSigningKey(
                kid: try reader.string("kid"), retiringSeconds: try reader.integer("retiring_seconds"))
        case .retireSigningKey:
            self = .retireSigningKey(
                kid: try reader.string("kid"), retiringSeconds: try reader.integer("retiring_seconds"))
        case .removeSigningKey: self = .removeSigningKey(kid: try reader.string("kid"))
        case .revokeToken: self = .revokeToken(try RevokeToken(from: &reader))
        case .revokeTokens: self = .revokeTokens(try RevokeTokens(from: &reader))
        case .forgetRevocations: self = .forgetRevocations(tokenIDs: try reader.strings("token_ids", max: RevokeTokens.countMax))
        case .revoke: self = .revoke(try Revoke(from: &reader))
        case .withdrawRevocation: self = .withdrawRevocation(id: try reader.string("id"))
        case .recordToken: self = .recordToken(try RecordToken(from: &reader))
        case .removeNamedToken:
            self = .removeNamedToken(
                id: try reader.string("id"), reason: try reader.optionalString("reason"))
        case .addCertificate: self = .addCertificate(try NewCertificate(from: &reader))
        case .changeCertificate: self = .changeCertificate(try ChangeCertificate(from: &reader))
        case .removeCertificate:
            self = .removeCertificate(
                fingerprint: try reader.string("fingerprint"), expectedVersion: try reader.optionalIndex("expected_version"))
        case .addAddToken: self = .addAddToken(try NewAddToken(from: &reader))
        case .removeAddToken: self = .removeAddToken(id: try reader.string("id"))
        case .redeemAddToken: self = .redeemAddToken(try RedeemAddToken(from: &reader))
        case .addAuthority: self = .addAuthority(try NewAuthority(from: &reader))
        case .changeAuthority: self = .changeAuthority(try ChangeAuthority(from: &reader))
        case .removeAuthority: self = .removeAuthority(fingerprint: try reader.string("fingerprint"))
        case .beginRevocationList: self = .beginRevocationList(try BeginRevocationList(from: &reader))
        case .addRevokedSerials: self = .addRevokedSerials(try RevokedSerialsRecord(from: &reader))
        case .commitRevocationList: self = .commitRevocationList(id: try reader.string("id"))
        case .removeRevocationList: self = .removeRevocationList(id: try reader.string("id"))
        case .issueCertificate: self = .issueCertificate(try IssueCertificate(from: &reader))
        case .forgetIssuedCertificates: self = .forgetIssuedCertificates
        case .publishClusterList: self = .publishClusterList(try ClusterListRecord(from: &reader))
        case .raiseFeatureLevel: self = .raiseFeatureLevel(try reader.integer("level"))
        case .changeSettings: self = .changeSettings(try reader.record("settings"))
        case .importKey: self = .importKey(try ImportKey(from: &reader))
        case .removeImportedKey: self = .removeImportedKey(id: try reader.string("id"))
        case .rebuildCluster: self = .rebuildCluster(try RebuildCluster(from: &reader))
        #if CREDENCE_NEXT
        case .note: self = .note(try reader.string("text"))
        #endif
        }
    }
}
