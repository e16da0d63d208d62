/// The two facts a member must never forget, always written together (Raft figure 2; docs/consensus.md §2).
package struct HardState: Equatable, Sendable {
    package var term: Term
    /// Whom this member voted for in `term`.
    package var vote: MemberID?

    package init(term: Term = .zero, vote: MemberID? = nil) {
        self.term = term
        self.vote = vote
    }
}
