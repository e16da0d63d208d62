/// The first entry of a record that is not what was written.
package struct ChainFault: Error, Equatable, Sendable {
    package let index: UInt64
    package let what: String

    package init(index: UInt64, what: String) {
        self.index = index
        self.what = what
    }
}

/// A walk along a chain of entries that nobody vouches for: each must follow the one before and carry its hash.
package struct ChainWalk: Sendable, Equatable {
    package private(set) var index: UInt64
    package private(set) var term: UInt64
    package private(set) var chain: [UInt8]

    /// - Parameter term: of the entry at `index`, as far as it is known.
    package init(after index: UInt64 = 0, term: UInt64 = 0, chain: [UInt8] = LogChain.start) {
        self.index = index
        self.term = term
        self.chain = chain
    }

    package mutating func take(
        index: UInt64, term: UInt64, kind: UInt64, payload: [UInt8], chain: [UInt8]
    ) throws(ChainFault) {
        let expected = self.index &+ 1
        guard index == expected else { throw ChainFault(index: expected, what: "the entry is missing") }
        guard term >= max(1, self.term) else {
            throw ChainFault(index: index, what: "its term is lower than that of the entry before")
        }
        guard LogChain.link(index: index, term: term, kind: kind, payload: payload, after: self.chain) == chain else {
            throw ChainFault(index: index, what: "its hash does not fit its content and the entry before")
        }
        self = ChainWalk(after: index, term: term, chain: chain)
    }
}
