/// Which run of which directory a member is: `Lineage` of `Cluster`.
struct Lineage: Equatable {
    /// Of the directory; grows at every start.
    let counter: Int
    /// Of the run.
    let nonce: Int
}

/// The newest that a directory has seen of each other member: `PeerLineages` of `Cluster`, by slot.
struct Lineages {
    private var seen: [Int: Lineage] = [:]

    func newest(of slot: Int) -> Lineage? { seen[slot] }

    /// False for a run of an older directory, and for another run of the same one; every other is remembered.
    mutating func accept(_ lineage: Lineage, of slot: Int) -> Bool {
        if let known = seen[slot], known.nonce != lineage.nonce, lineage.counter <= known.counter { return false }
        seen[slot] = Lineage(counter: max(lineage.counter, seen[slot]?.counter ?? 0), nonce: lineage.nonce)
        return true
    }
}
