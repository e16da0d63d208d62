import Raft

/// What is known of one deliberate bug: where it was seen, and how soon and by which invariants it must be caught.
struct MutantRecord {
    /// How many seeds may pass until it was caught three times (docs/consensus.md §13).
    enum Grade: String { case a = "A", b = "B", c = "C", scripted = "S" }

    let seenIn: String
    let grade: Grade
    let invariants: [String]

    private init(_ grade: Grade, _ seenIn: String, _ invariants: String...) {
        self.grade = grade
        self.seenIn = seenIn
        self.invariants = invariants
    }

    var isScripted: Bool { grade == .scripted }

    var seedsMax: Int {
        switch grade {
        case .a: 100
        case .b: 2_000
        case .c: 20_000
        case .scripted: 200
        }
    }

    static func of(_ mutant: Mutant) -> MutantRecord {
        switch mutant {
        case .answersVoteBeforeDurable: MutantRecord(.a, "thesis §3.8; willemt DAOS-333", "W1", "W4")
        case .forgetsVoteInPreVote: MutantRecord(.a, "canonical#196", "W4")
        case .countsPreVoteAsVote: MutantRecord(.a, "canonical 0ed45532", "G1")
        case .votesTwiceForTransfer: MutantRecord(.c, "cowsql ad19f79a", "W4")
        case .campaignsUnsynced: MutantRecord(.a, "canonical a54636bf, #386", "W2", "G3")
        case .comparesLogsByIndexOnly: MutantRecord(.a, "thesis §3.6.1", "G3")
        case .countsLearners: MutantRecord(.a, "willemt c4de21e", "W3")
        case .commitsEarlierTerms: MutantRecord(.a, "canonical 524f7354", "W3", "G3")
        case .majorityOffByOne: MutantRecord(.a, "hashicorp 163a55f", "W3")
        case .leaderCountsUnsynced: MutantRecord(.a, "canonical a3bc60b1, etcd#14370", "W3")
        case .acknowledgesUnsynced: MutantRecord(.a, "etcd#14143", "W1")
        case .appliesBeyondDurable: MutantRecord(.a, "cowsql d144504e, etcd#14370", "W8")
        case .alwaysTruncates: MutantRecord(.a, "openraft 9540c904, CCF#5991", "W1", "G7", "W11")
        case .readsBeforeOwnTermCommit: MutantRecord(.a, "etcd#7331, redisraft#22", "C1")
        case .readsWithoutRound: MutantRecord(.a, "etcd 0.4, Consul 2014", "C1", "W10")
        case .changesBeforeOwnTermCommit: MutantRecord(.a, "Ongaro 2015, copycat#23", "W5", "G1")
        case .overlapsChanges: MutantRecord(.a, "valkey#3926, etcd#11284", "W5")
        case .keepsTruncatedConfiguration: MutantRecord(.a, "canonical#250, camunda#57393", "W5", "G3")
        case .snapshotTakesNewestConfiguration: MutantRecord(.a, "canonical#250", "W6")
        case .acknowledgesSnapshotEarly: MutantRecord(.a, "cowsql e514f78f", "W1")
        case .campaignsDuringInstall: MutantRecord(.b, "canonical 4fbd3c01", "W2", "W8", "G3")
        case .neverOffersAgain: MutantRecord(.a, "openraft#1828", "L1")
        case .preVoteGrantCarriesOwnTerm: MutantRecord(.a, "etcd d4471b2, canonical da1ee059", "L1")
        case .ignoresStickiness: MutantRecord(.a, "Cloudflare 2020", "L1")
        case .transferTakesWrites: MutantRecord(.scripted, "hashicorp#581", "L2")
        case .transfersToLaggard: MutantRecord(.scripted, "redpanda#2606, openraft#1805", "L2")
        }
    }
}
