package import JOSE
import Raft

extension CommandBody {
    /// Of many ids; the entry's bytes hold them all.
    private static let idsShownMax = 16

    /// What a command was about, for the audit record. Never a secret: sealed keys, hashes of secrets and whole
    /// certificates are left out. The switch has no default, so that a new command must choose what it shows.
    package var summary: JSONObject {
        var writer = RecordWriter()
        switch self {
        case .foundCluster(let founding): founding.summarize(to: &writer)
        case .addJoinToken(let token):
            writer.string("member_name", token.memberName)
            writer.integer("expires_at", token.expiresAt)
        case .removeJoinToken: break
        case .joinMember(let join): join.member.summarize(to: &writer)
        case .changeMemberAddresses(let member, let addresses):
            writer.string("member", member.description)
            writer.strings("addresses", addresses)
        case .changeMember(let change):
            writer.string("member", change.member.description)
            change.summarize(to: &writer)
        case .removeMember(let removal): writer.string("member", removal.member.description)
        case .renewMemberCertificate(let renewal): writer.string("member", renewal.member.description)
        case .setServerCertificate(let new):
            writer.string("fingerprint", new.fingerprint)
            writer.bool("is_operators", new.isOperators)
        case .rotateAuthority(let new):
            writer.string("fingerprint", new.fingerprint)
            writer.integer("overlap_seconds", new.overlapSeconds)
        case .endAuthorityOverlap: break
        case .rotateDataKey(let new):
            writer.integer("members", Int64(new.members.count))
            writer.integer("signing_keys", Int64(new.signingKeys.count))
            writer.integer("imported_keys", Int64(new.importedKeys.count))
        case .addSigningKey(let key): key.summarize(to: &writer)
        case .activateSigningKey(let kid, let seconds), .retireSigningKey(let kid, let seconds):
            writer.string("key_id", kid)
            writer.integer("retiring_seconds", seconds)
        case .removeSigningKey(let kid): writer.string("key_id", kid)
        case .revokeToken(let revocation):
            writer.string("token_id", revocation.tokenID)
            writer.string("reason", revocation.reason)
        case .revokeTokens(let many):
            writer.integer("count", Int64(many.tokens.count))
            writer.strings("token_ids", many.tokens.prefix(Self.idsShownMax).map(\.id))
            writer.string("reason", many.reason)
        case .forgetRevocations(let ids):
            writer.integer("count", Int64(ids.count))
            writer.strings("token_ids", Array(ids.prefix(Self.idsShownMax)))
        case .addAuthority(let new): new.summarize(to: &writer)
        case .changeAuthority(let change): change.summarize(to: &writer)
        case .removeAuthority(let fingerprint): writer.string("fingerprint", fingerprint)
        case .beginRevocationList(let begun):
            writer.string("authority", begun.authority)
            writer.string("number", begun.contents.number)
            writer.integer("count", begun.contents.count)
        case .addRevokedSerials(let chunk):
            writer.string("list", chunk.list)
            writer.integer("count", Int64(chunk.bytes.count / max(chunk.length, 1)))
        case .commitRevocationList(let id), .removeRevocationList(let id): writer.string("list", id)
        case .issueCertificate(let issued):
            issued.entry.summarize(to: &writer)
            writer.integer("expires_at", issued.expiresAt)
        case .forgetIssuedCertificates: break
        case .publishClusterList(let list):
            writer.integer("number", list.number)
            writer.integer("count", list.count)
        case .importKey(let key):
            writer.string("id", key.id)
            writer.string("origin", key.origin.rawValue)
            writer.string("name", key.name)
        case .removeImportedKey(let id): writer.string("id", id)
        case .rebuildCluster(let rebuilt):
            writer.string("origin", rebuilt.origin.rawValue)
            rebuilt.member.summarize(to: &writer)
            writer.integer("revoke_before", rebuilt.revokeBefore)
        case .revoke(let revocation): revocation.summarize(to: &writer)
        case .withdrawRevocation(let id): writer.string("id", id)
        case .recordToken(let token): token.summarize(to: &writer)
        case .removeNamedToken(let id, let reason):
            writer.string("token_id", id)
            writer.string("reason", reason)
        case .addCertificate(let new): new.summarize(to: &writer)
        case .changeCertificate(let change): change.summarize(to: &writer)
        case .removeCertificate(let fingerprint, _): writer.string("fingerprint", fingerprint)
        case .addAddToken(let token):
            writer.string("name", token.name)
            writer.bool("restricted", token.isRestricted)
            writer.integer("expires_at", token.expiresAt)
        case .removeAddToken: break
        case .redeemAddToken(let use): writer.string("fingerprint", use.fingerprint)
        case .raiseFeatureLevel(let level): writer.integer("level", level)
        case .changeSettings(let change): writer.record("settings", change)
        #if CREDENCE_NEXT
        case .note(let text): writer.string("text", text)
        #endif
        }
        return JSONObject(writer.members)
    }
}

extension FoundCluster {
    fileprivate func summarize(to writer: inout RecordWriter) {
        writer.string("cluster", id)
        writer.string("name", name)
        writer.string("issuer", issuer)
        writer.strings("key_ids", signingKeys.map(\.kid))
        member.summarize(to: &writer)
    }
}

extension NewMember {
    fileprivate func summarize(to writer: inout RecordWriter) {
        writer.string("member", id.description)
        writer.string("member_name", name)
        writer.strings("addresses", addresses)
    }
}

extension NewSigningKey {
    fileprivate func summarize(to writer: inout RecordWriter) {
        writer.string("key_id", kid)
        writer.string("algorithm", algorithm.rawValue)
    }
}

extension Revoke {
    fileprivate func summarize(to writer: inout RecordWriter) {
        switch target {
        case .subject(let subject, let before):
            writer.string("subject", subject)
            writer.integer("before", before)
        case .certificate(let fingerprint): writer.string("fingerprint", fingerprint)
        case .key(let kid): writer.string("key_id", kid)
        case .everything(let before):
            writer.bool("everything", true)
            writer.integer("before", before)
        }
        writer.string("reason", reason)
    }
}

extension RecordToken {
    fileprivate func summarize(to writer: inout RecordWriter) {
        writer.string("token_id", id)
        writer.string("name", name)
        writer.string("subject", subject)
        writer.strings("scopes", scopes)
        writer.integer("expires_at", expiresAt)
    }
}

extension NewCertificate {
    fileprivate func summarize(to writer: inout RecordWriter) {
        writer.string("fingerprint", fingerprint)
        writer.string("type", type.rawValue)
        writer.string("name", name)
        writer.bool("restricted", isRestricted)
        writer.strings("projects", projects)
    }
}

extension NewAuthority {
    fileprivate func summarize(to writer: inout RecordWriter) {
        writer.string("fingerprint", fingerprint)
        writer.string("type", type.rawValue)
        writer.string("name", name)
        writer.bool("restricted", isRestricted)
        writer.strings("projects", projects)
        writer.string("crl_overdue", overdue.rawValue)
        writer.string("crl_url", listURL)
        writer.integer("crl_refresh_seconds", listRefreshSeconds)
    }
}

extension ChangeAuthority {
    fileprivate func summarize(to writer: inout RecordWriter) {
        writer.string("fingerprint", fingerprint)
        writer.string("name", name)
        if let isRestricted { writer.bool("restricted", isRestricted) }
        if let projects { writer.strings("projects", projects) }
        writer.string("crl_overdue", overdue?.rawValue)
        writer.string("crl_url", listURL)
        writer.integer("crl_refresh_seconds", listRefreshSeconds)
    }
}

extension ChangeCertificate {
    fileprivate func summarize(to writer: inout RecordWriter) {
        writer.string("fingerprint", fingerprint)
        writer.string("name", name)
        if let isRestricted { writer.bool("restricted", isRestricted) }
        if let projects { writer.strings("projects", projects) }
        writer.string("replaced_by", replacement?.fingerprint)
    }
}
