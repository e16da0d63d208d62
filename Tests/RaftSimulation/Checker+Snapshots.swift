import Raft

/// The committed log, and what is made of it.
extension Checker {
    func chain(at index: LogIndex) -> UInt64? {
        index > .zero && index <= committedIndex ? committed[Int(index.rawValue) - 1] : nil
    }

    func configuration(asOf index: LogIndex) -> Configuration {
        configurations.last { $0.index <= index }?.configuration ?? .empty
    }

    func log(through index: LogIndex) -> (entries: [Entry], chains: [UInt64]) {
        let count = Int(index.rawValue)
        return (Array(log.prefix(count)), Array(committed.prefix(count)))
    }

    /// W6: a snapshot has the configuration and the content that belong to its index.
    func snapshot(_ descriptor: SnapshotDescriptor, by member: Member) throws(Violation) {
        let index = descriptor.position.index
        guard let chain = chain(at: index), World.bytes(of: chain) == descriptor.id.hash else {
            try fail("W6", "member \(member.slot) makes a snapshot of \(index) that is not the committed state")
        }
        if descriptor.configuration != configuration(asOf: index) {
            try fail("W6", "member \(member.slot) puts other voters into its snapshot of \(index)")
        }
    }

    /// The term in which an index was committed.
    func committedIn(_ index: LogIndex) -> Term? {
        index > .zero && index <= committedIndex ? committedIn[Int(index.rawValue) - 1] : nil
    }
}
