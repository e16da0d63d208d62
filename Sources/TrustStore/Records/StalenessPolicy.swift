/// What a member does that cannot prove that its knowledge is younger than `max_staleness`.
package enum StalenessPolicy: String, Sendable, Hashable, CaseIterable {
    /// It answers `member_stale` and vouches for nothing: a revocation takes effect in time, everywhere.
    case refuse
    /// It goes on vouching for others' tokens from what it knew last, and says so in each answer. A revocation then takes
    /// effect on a member that is cut off only when it is connected again.
    case serve
}
