import JOSE
import TrustStore

/// The body of PUT and PATCH of a member: Incus' members, and `role` and `addresses`, which are this store's own.
struct MemberBody {
    let role: RoleWish?
    /// As Incus has them; what follows for the vote is in `wish(isVoter:)`.
    let roles: [String]?
    let summary: String?
    let failureDomain: String?
    let addresses: [String]?
    /// Null or nothing in it: there is nothing to configure.
    let isConfigEmpty: Bool
    let groups: [String]?

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        if let text = try reader.optionalString("role") {
            guard let wish = RoleWish(rawValue: text) else {
                throw reader.error("role", "must be one of " + RoleWish.allCases.map(\.rawValue).joined(separator: ", "))
            }
            role = wish
        } else {
            role = nil
        }
        roles = try reader.optionalStrings("roles", max: 16)
        summary = try reader.optionalString("description")
        failureDomain = try reader.optionalString("failure_domain").flatMap { $0.isEmpty ? nil : $0 }
        addresses = try reader.optionalStrings("addresses", max: StateLimits.addressesMax)
        groups = try reader.optionalStrings("groups", max: 16)
        switch reader.optionalValue("config") {
        case nil, .null: isConfigEmpty = true
        case .object(let object): isConfigEmpty = object.isEmpty
        default: throw reader.error("config", "must be an object")
        }
    }

    private static let leaderRole = "database-leader"
    private static let voterRole = "database"

    /// What the operator asks for, by the list of roles he sent back: the vote taken from it, or put into it. The leader is
    /// nobody's to set, and may have changed since he read the list.
    func wish(isVoter: Bool) throws(Problem) -> RoleWish? {
        if let role { return role }
        guard let roles else { return nil }
        if let unknown = roles.first(where: { $0 != Self.leaderRole && $0 != Self.voterRole }) {
            throw .badRequest("roles: \"\(unknown)\" is no role here; there is database, and database-leader, which the members choose")
        }
        let wantsVote = roles.contains(Self.voterRole)
        return wantsVote == isVoter ? nil : wantsVote ? .voter : .replica
    }

    func checkRest() throws(Problem) {
        guard isConfigEmpty else { throw .badRequest("config: a member has no configuration of its own") }
        guard groups == nil || groups == ["default"] else { throw .badRequest("groups: there are no cluster groups but \"default\"") }
    }
}

/// The body of POST of a member: its new name.
struct MemberRename {
    let name: String

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        name = try reader.string("server_name", min: 1)
    }
}
