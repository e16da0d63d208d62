/// What an entry is for. The raw values are the wire and disk format.
package enum EntryKind: UInt8, Sendable {
    /// Empty; a new leader appends one so that it can commit in its own term (Raft §8).
    case noop = 0
    /// An encoded `Configuration`, in force from the moment it is appended (docs/consensus.md §7).
    case configuration = 1
    /// Opaque to this module; applied by the state machine.
    case command = 2
}

/// One entry of the replicated log.
package struct Entry: Equatable, Sendable {
    package let index: LogIndex
    package let term: Term
    package let kind: EntryKind
    package let payload: [UInt8]

    package init(index: LogIndex, term: Term, kind: EntryKind, payload: [UInt8]) {
        self.index = index
        self.term = term
        self.kind = kind
        self.payload = payload
    }

    package var position: LogPosition { LogPosition(term: term, index: index) }
}
