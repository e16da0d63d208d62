/// What a member has acknowledged, kept apart from the log, so that a log which lost entries is recognised
/// (docs/consensus.md §2). Written after the log's sync and before the acknowledgement; never beside or before it,
/// or a power cut could leave a mark whose entries were never written.
///
/// It follows the log's end, back as well, when a newer leader replaces a tail: what the tail promised binds nobody
/// any more. A member that recovers leaves it as it is.
package struct AckMark: Equatable, Sendable {
    /// The last entry that was durable.
    package let position: LogPosition
    /// The member's term when its log came to end there: that of the leader whose entries they are. A vote since
    /// then does not move it, or a member could owe an entry of a term in which nobody ever led.
    package let term: Term

    package init(position: LogPosition, term: Term) {
        self.position = position
        self.term = term
    }

    /// The mark once the log ends at `last`, in the member's `term`.
    package func moved(to last: LogPosition, in term: Term) -> AckMark {
        last == position ? self : AckMark(position: last, term: term)
    }

    /// Whether a log makes good what was lost: it holds the marked entry, or its last entry is of a later term,
    /// whose leader was elected without this member's word and so holds whatever was committed by it.
    package func isMet(holdsPosition: Bool, lastTerm: Term) -> Bool { holdsPosition || lastTerm > term }
}
