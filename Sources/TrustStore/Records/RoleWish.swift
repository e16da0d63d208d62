/// What an operator wants a member to be. Which role it has follows from the log's configuration, not from here: the
/// leader brings the two together, one change at a time.
package enum RoleWish: String, Sendable, Hashable, CaseIterable {
    /// A voter when one is needed, otherwise a replica.
    case automatic
    /// A voter before any member that is automatic.
    case voter
    /// Never a voter.
    case replica
}
