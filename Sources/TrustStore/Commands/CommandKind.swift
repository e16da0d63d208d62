/// The name of a command in the log. Never renamed, never given another meaning.
package enum CommandKind: String, Sendable, Hashable, CaseIterable {
    case foundCluster = "found_cluster"
    case addJoinToken = "add_join_token"
    case removeJoinToken = "remove_join_token"
    case joinMember = "join_member"
    case changeMemberAddresses = "change_member_addresses"
    case changeMember = "change_member"
    case removeMember = "remove_member"
    case renewMemberCertificate = "renew_member_certificate"
    case setServerCertificate = "set_server_certificate"
    case rotateDataKey = "rotate_data_key"
    case rotateAuthority = "rotate_authority"
    case endAuthorityOverlap = "end_authority_overlap"
    case addSigningKey = "add_signing_key"
    case activateSigningKey = "activate_signing_key"
    case retireSigningKey = "retire_signing_key"
    case removeSigningKey = "remove_signing_key"
    case revokeToken = "revoke_token"
    case revokeTokens = "revoke_tokens"
    case forgetRevocations = "forget_revocations"
    case revoke
    case withdrawRevocation = "withdraw_revocation"
    case recordToken = "record_token"
    case removeNamedToken = "remove_named_token"
    case addCertificate = "add_certificate"
    case changeCertificate = "change_certificate"
    case removeCertificate = "remove_certificate"
    case addAddToken = "add_add_token"
    case removeAddToken = "remove_add_token"
    case redeemAddToken = "redeem_add_token"
    case addAuthority = "add_authority"
    case changeAuthority = "change_authority"
    case removeAuthority = "remove_authority"
    case beginRevocationList = "begin_revocation_list"
    case addRevokedSerials = "add_revoked_serials"
    case commitRevocationList = "commit_revocation_list"
    case removeRevocationList = "remove_revocation_list"
    case issueCertificate = "issue_certificate"
    case forgetIssuedCertificates = "forget_issued_certificates"
    case publishClusterList = "publish_cluster_list"
    case raiseFeatureLevel = "raise_feature_level"
    case changeSettings = "change_settings"
    case importKey = "import_key"
    case removeImportedKey = "remove_imported_key"
    case rebuildCluster = "rebuild_cluster"
    #if CREDENCE_NEXT
    /// Changes nothing. Only in builds that stand for a version to come, so that a mixed cluster can be tried.
    case note
    #endif

    /// The level at which the kind came. It is never put into the log of a cluster below.
    package var featureLevel: Int64 {
        #if CREDENCE_NEXT
        if self == .note { return 2 }
        #endif
        return 1
    }
}
