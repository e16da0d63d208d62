/// What a member has acknowledged, kept apart from the log, so that a log which lost entries is recognised
/// (docs/consensus.md §2). Written after the log's sync and before the acknowledgement; never beside or before it,
/// or a power cut could leave a mark whose entries were never written.
///
/// It follows the log's end, back as well, when a newer leader replaces a tail: what the tail promised binds nobody
/// any more. A member that recovers leaves it as it is.
package struct AckMark: Equatable, Sendable {
    /// The last entry that was durable.
    package let position: LogPosition
    /// The member's term then: the leader it acknowledged to was that term's or an earlier one's.
    package let term: Term

    package init(position: LogPosition, term: Term) {
        self.position = position
        self.term = term
    }

    /// Whether a log makes good what was lost: it holds the marked entry, or its last entry is of a later term,
    /// whose leader was elected without this member's word and so holds whatever was committed by it.
    package func isMet(holdsPosition: Bool, lastTerm: Term) -> Bool { holdsPosition || lastTerm > term }
}
