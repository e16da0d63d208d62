import Cluster
import HTTP
import JOSE
import Raft
import TrustStore

/// A change of the trust store as an event: what was done, to what, and by whom.
enum LifecycleEvent {
    /// Nil for what changed nothing: a command that was refused, or the repetition of an earlier one.
    ///
    /// - Parameter outcome: nil when nobody remembers it.
    static func event(_ index: LogIndex, _ command: Command, _ outcome: CommandOutcome?, location: String) -> Event? {
        var result: CommandResult?
        switch outcome {
        case .refused: return nil
        case .done(let done):
            if done.index < index { return nil }
            result = done
        case nil: break
        }
        let actor = command.actor
        var metadata: JSONObject = [
            "action": .string(command.body.kind.lifecycleAction), "source": .string(source(command.body, result)),
            "context": .object(command.body.summary),
            "requestor": [
                "username": .string(actor.id), "protocol": .string(actor.method == "certificate" ? "tls" : actor.method),
                "address": .string(actor.address ?? ""),
            ],
            "index": .integer(Int64(clamping: index.rawValue)), "request_id": .string(command.requestID.description),
        ]
        if outcome == nil { metadata["outcome"] = "unknown" }
        return Event(.lifecycle, index: index, time: command.stampedAtMilliseconds, location: location, metadata: metadata)
    }

    /// Nil also for the log's own entries, and for what only a newer binary can read.
    static func event(_ record: AuditRecord, _ state: TrustState, location: String) -> Event? {
        guard record.entry.kind == .command, let command = try? Command(decoding: record.entry.payload) else { return nil }
        let outcome = record.outcome ?? state.outcome(of: command.requestID)
        return event(record.entry.index, command, outcome, location: location)
    }

    /// Where it is, or was.
    private static func source(_ body: CommandBody, _ result: CommandResult?) -> String {
        func at(_ collection: String, _ id: String?) -> String {
            id.map { "/1.0/\(collection)/\(PercentEncoding.encode($0))" } ?? "/1.0/\(collection)"
        }
        switch body {
        case .foundCluster, .rebuildCluster, .addJoinToken, .removeJoinToken, .raiseFeatureLevel, .rotateDataKey: return "/1.0/cluster"
        case .joinMember(let join): return at("cluster/members", join.member.name)
        case .changeMemberAddresses, .changeMember, .removeMember, .renewMemberCertificate: return "/1.0/cluster/members"
        case .setServerCertificate: return "/1.0/cluster/certificate"
        case .rotateAuthority, .endAuthorityOverlap: return "/1.0/cluster/authority"
        case .changeSettings: return "/1.0/cluster/settings"
        case .addSigningKey(let key): return at("keys", key.kid)
        case .activateSigningKey(let kid, _), .retireSigningKey(let kid, _), .removeSigningKey(let kid): return at("keys", kid)
        case .importKey(let key): return at("keys", key.id)
        case .removeImportedKey(let id): return at("keys", id)
        case .recordToken(let token): return at("tokens", token.id)
        case .removeNamedToken(let id, _): return at("tokens", id)
        case .revokeToken(let revocation): return at("tokens", revocation.tokenID)
        case .revokeTokens, .forgetRevocations: return "/1.0/revocations"
        case .revoke: return at("revocations", result?.id)
        case .withdrawRevocation(let id): return at("revocations", id)
        case .addCertificate(let new): return at("certificates", new.fingerprint)
        case .changeCertificate(let change): return at("certificates", change.fingerprint)
        case .removeCertificate(let fingerprint, _): return at("certificates", fingerprint)
        case .redeemAddToken(let use): return at("certificates", use.fingerprint)
        case .issueCertificate(let issued): return at("certificates", issued.entry.fingerprint)
        case .addAddToken, .removeAddToken, .forgetIssuedCertificates: return "/1.0/certificates"
        case .addAuthority(let new): return at("authorities", new.fingerprint)
        case .changeAuthority(let change): return at("authorities", change.fingerprint)
        case .removeAuthority(let fingerprint): return at("authorities", fingerprint)
        case .beginRevocationList(let begun): return at("authorities", begun.authority) + "/crl"
        case .addRevokedSerials, .commitRevocationList, .removeRevocationList, .publishClusterList: return "/1.0/crls"
        #if CREDENCE_NEXT
        case .note: return "/1.0"
        #endif
        }
    }
}

extension CommandKind {
    /// In the words of Incus where it has some. Scripts go by it: never renamed.
    var lifecycleAction: String {
        switch self {
        case .foundCluster: "cluster-founded"
        case .rebuildCluster: "cluster-rebuilt"
        case .addJoinToken: "cluster-token-created"
        case .removeJoinToken: "cluster-token-deleted"
        case .joinMember: "cluster-member-added"
        case .changeMemberAddresses, .changeMember: "cluster-member-updated"
        case .removeMember: "cluster-member-removed"
        case .renewMemberCertificate: "cluster-member-certificate-renewed"
        case .setServerCertificate: "cluster-certificate-updated"
        case .rotateDataKey: "cluster-data-key-rotated"
        case .rotateAuthority: "cluster-authority-rotated"
        case .endAuthorityOverlap: "cluster-authority-overlap-ended"
        case .addSigningKey: "key-created"
        case .activateSigningKey: "key-activated"
        case .retireSigningKey: "key-retired"
        case .removeSigningKey: "key-deleted"
        case .importKey: "key-imported"
        case .removeImportedKey: "key-deleted"
        case .recordToken: "token-created"
        case .removeNamedToken, .revokeToken: "token-revoked"
        case .revokeTokens: "tokens-revoked"
        case .forgetRevocations: "revocations-forgotten"
        case .revoke: "revocation-created"
        case .withdrawRevocation: "revocation-deleted"
        case .addCertificate, .redeemAddToken: "certificate-created"
        case .changeCertificate: "certificate-updated"
        case .removeCertificate: "certificate-deleted"
        case .issueCertificate: "certificate-issued"
        case .forgetIssuedCertificates: "certificates-forgotten"
        case .addAddToken: "certificate-token-created"
        case .removeAddToken: "certificate-token-deleted"
        case .addAuthority: "authority-created"
        case .changeAuthority: "authority-updated"
        case .removeAuthority: "authority-deleted"
        case .beginRevocationList: "crl-begun"
        case .addRevokedSerials: "crl-continued"
        case .commitRevocationList: "crl-updated"
        case .removeRevocationList: "crl-dropped"
        case .publishClusterList: "crl-published"
        case .raiseFeatureLevel: "cluster-feature-level-raised"
        case .changeSettings: "config-updated"
        #if CREDENCE_NEXT
        case .note: "note"
        #endif
        }
    }
}
