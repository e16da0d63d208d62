/// The place of an entry in the log; the first entry is 1, and zero means "before the first".
package struct LogIndex: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static let zero = LogIndex(0)

    /// As `Term.max`: the bound that keeps arithmetic on a peer's numbers from trapping.
    package static let max = LogIndex(1 << 62)

    package var next: LogIndex { LogIndex(rawValue + 1) }

    /// The index before this one; zero stays zero.
    package var previous: LogIndex { LogIndex(rawValue == 0 ? 0 : rawValue - 1) }

    package func advanced(by count: Int) -> LogIndex {
        LogIndex(UInt64(Int64(rawValue) + Int64(count)))
    }

    /// How many entries lie in `(self, other]`; negative when `other` is smaller.
    package func distance(to other: LogIndex) -> Int {
        Int(Int64(other.rawValue) - Int64(rawValue))
    }

    package static func < (left: LogIndex, right: LogIndex) -> Bool { left.rawValue < right.rawValue }

    package var description: String { "\(rawValue)" }
}

/// An entry's identity: no two different entries ever share term and index (Raft §5.3, log matching).
/// Ordered as Raft §5.4.1 compares logs: by term first, then by index.
package struct LogPosition: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let term: Term
    package let index: LogIndex

    package init(term: Term, index: LogIndex) {
        self.term = term
        self.index = index
    }

    package static let zero = LogPosition(term: .zero, index: .zero)

    package static func < (left: LogPosition, right: LogPosition) -> Bool {
        (left.term, left.index) < (right.term, right.index)
    }

    package var description: String { "\(index)@\(term)" }
}
