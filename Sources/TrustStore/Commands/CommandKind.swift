/// The name of a command in the log. Never renamed, never given another meaning.
package enum CommandKind: String, Sendable, Hashable, CaseIterable {
    case foundCluster = "found_cluster"
    case addJoinToken = "add_join_token"
    case removeJoinToken = "remove_join_token"
    case joinMember = "join_member"
    case changeMemberAddresses = "change_member_addresses"
    case removeMember = "remove_member"
    case addSigningKey = "add_signing_key"
    case activateSigningKey = "activate_signing_key"
    case retireSigningKey = "retire_signing_key"
    case removeSigningKey = "remove_signing_key"
    case revokeToken = "revoke_token"
    case recordToken = "record_token"
    case removeNamedToken = "remove_named_token"
}
