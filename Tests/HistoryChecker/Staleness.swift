/// The promise about revocations: nobody accepts a token longer than `bound` after its revocation was acknowledged,
/// and nobody accepts it at all after it was acknowledged as holding everywhere.
package struct Staleness: Equatable, Sendable {
    package struct Revocation: Equatable, Sendable {
        package let acknowledged: UInt64
        package let isEverywhere: Bool

        package init(acknowledged: UInt64, isEverywhere: Bool) {
            self.acknowledged = acknowledged
            self.isEverywhere = isEverywhere
        }
    }

    package private(set) var acceptancesAfterEverywhere = 0
    package private(set) var acceptancesPastBound = 0
    /// The longest time after an acknowledgement at which somebody who was asked then still accepted, in nanoseconds.
    package private(set) var longest: UInt64 = 0
    package let bound: UInt64

    /// - Parameter bound: nanoseconds.
    package init(bound: UInt64) { self.bound = bound }

    /// A member that was asked at `invoked` accepted a token with this revocation.
    package mutating func accepted(askedAt invoked: UInt64, _ revocation: Revocation) {
        guard invoked > revocation.acknowledged else { return }
        let age = invoked - revocation.acknowledged
        longest = max(longest, age)
        if revocation.isEverywhere { acceptancesAfterEverywhere += 1 }
        if age > bound { acceptancesPastBound += 1 }
    }
}
