/// A token's id, made ready to be looked up among the revoked ones. Whoever asks often makes it once.
package struct RevocationKey: Sendable {
    package let tokenID: String
    /// Nil for an id that is not of the form that this cluster gives.
    let compact: CompactTokenID?
    /// Seeded per process: nobody can choose ids that fall together.
    let hash: UInt64

    package init(_ tokenID: String) {
        self.tokenID = tokenID
        compact = CompactTokenID(tokenID)
        hash = compact.map(Self.hash) ?? UInt64(truncatingIfNeeded: tokenID.hashValue)
    }

    static func hash(_ id: CompactTokenID) -> UInt64 { UInt64(truncatingIfNeeded: id.hashValue) }
}
