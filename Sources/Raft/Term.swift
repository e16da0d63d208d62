/// A leader's reign, numbered (Raft §5.1). Only grows.
package struct Term: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static let zero = Term(0)

    /// Far beyond what any cluster reaches, and low enough that adding one never overflows. Messages
    /// naming a larger term are refused, so a peer cannot make us trap by exhausting the counter.
    package static let max = Term(1 << 62)

    package var next: Term { Term(rawValue + 1) }

    package static func < (left: Term, right: Term) -> Bool { left.rawValue < right.rawValue }

    package var description: String { "\(rawValue)" }
}
