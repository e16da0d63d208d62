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
        case .comparesLogsByIndexOnly: MutantRecord(.b, "thesis §3.6.1", "G3")
        case .wantsTermAndIndex: MutantRecord(.b, "hashicorp 441bd09, openraft a48a3282", "L1")
        case .countsLateVotes: MutantRecord(.c, "cowsql df9cd476, fdce566b", "G1")
        case .countsLearners: MutantRecord(.a, "willemt c4de21e", "W3")
        case .commitsEarlierTerms: MutantRecord(.a, "canonical 524f7354", "W3", "G3")
        case .majorityOffByOne: MutantRecord(.a, "hashicorp 163a55f", "W3")
        case .quorumUnsorted: MutantRecord(.b, "openraft#1802", "W3")
        case .leaderCountsUnsynced: MutantRecord(.a, "canonical a3bc60b1, etcd#14370", "W3")
        case .acknowledgesUnsynced: MutantRecord(.a, "etcd#14143", "W1")
        case .appliesBeyondDurable: MutantRecord(.a, "cowsql d144504e, etcd#14370", "W8")
        case .commitIsUncapped: MutantRecord(.scripted, "cowsql 000eacf2, openraft 9540c904", "G7")
        case .heartbeatTellsAll: MutantRecord(.a, "etcd-raft sendHeartbeat", "G7", "W11")
        case .acknowledgesWholeLog: MutantRecord(.scripted, "CCF#6016", "W1", "W3")
        case .alwaysTruncates: MutantRecord(.a, "openraft 9540c904, CCF#5991", "W1", "G7", "W11")
        case .countsOverwrittenWrites: MutantRecord(.scripted, "etcd-raft append_aba_race", "W1")
        case .conflictsBelowBase: MutantRecord(.a, "openraft 44381b0c, 71a290cd", "G7", "W11")
        case .unknownTermIsZero: MutantRecord(.b, "etcd-raft#31", "W7", "W11")
        case .skipsAnEntry: MutantRecord(.a, "LogCabin#160", "W7")
        case .believesLateRejections: MutantRecord(.scripted, "openraft 6d53aa12, CCF#3723", "L1")
        case .countsLateAcknowledgements: MutantRecord(.scripted, "openraft cecb5de8, fbbf37b1", "W3")
        case .readsBeforeOwnTermCommit: MutantRecord(.a, "etcd#7331, redisraft#22", "C1")
        case .readsWithoutRound: MutantRecord(.a, "etcd 0.4, Consul 2014", "C1", "W10")
        case .servesBeforeApplied: MutantRecord(.a, "thesis §6.4; etcd#3879", "C1")
        case .reusesRounds: MutantRecord(.a, "etcd#20418, etcd-raft#397", "W10", "C1")
        case .roundsOutliveTransfer: MutantRecord(.a, "openraft#1747, etcd-raft#99", "W10", "C1")
        case .changesBeforeOwnTermCommit: MutantRecord(.a, "Ongaro 2015, copycat#23", "W5", "G1")
        case .overlapsChanges: MutantRecord(.a, "valkey#3926, etcd#11284", "W5")
        case .keepsTruncatedConfiguration: MutantRecord(.a, "canonical#250, camunda#57393", "W5", "G3")
        case .snapshotTakesNewestConfiguration: MutantRecord(.b, "canonical#250", "W6")
        case .installKeepsConfiguration: MutantRecord(.b, "openraft#1808, scylla#9551", "W5", "G3")
        case .changesAtCommit: MutantRecord(.a, "etcd#7625, #12359", "W5", "W3", "G1")
        case .removedLeaderCounts: MutantRecord(.a, "etcd-raft confchange_v1", "W3")
        case .onlyMembersVote: MutantRecord(.b, "etcd#10998, openraft#2091", "L1")
        case .newMembersAreSilent: MutantRecord(.scripted, "etcd TestAddNodeCheckQuorum", "L2")
        case .acknowledgesSnapshotEarly: MutantRecord(.a, "cowsql e514f78f", "W1")
        case .campaignsDuringInstall: MutantRecord(.scripted, "canonical 4fbd3c01", "W2", "W8", "G3", "G6")
        case .keepsArrivingSnapshot: MutantRecord(.scripted, "here, found by this simulation", "G6")
        case .conflictSurvivesInstall: MutantRecord(.b, "openraft 674e78aa, canonical a3de0789", "G2", "G4")
        case .neverOffersAgain: MutantRecord(.b, "openraft#1828", "L1")
        case .snapshotOmitsAnswers: MutantRecord(.a, "redisraft#568", "C2", "C3", "G4", "C6")
        case .appliedIndexApart: MutantRecord(.b, "etcd#13766, rqlite#2747", "G4", "C2")
        case .installRacesApplying: MutantRecord(.b, "openraft eed681d5, rqlite#2759", "W8", "G4")
        case .preVoteGrantCarriesOwnTerm: MutantRecord(.a, "etcd d4471b2, canonical da1ee059", "L1")
        case .ignoresOutdatedLeaders: MutantRecord(.c, "etcd, openraft#1796", "L1")
        case .ignoresStickiness: MutantRecord(.a, "Cloudflare 2020", "L1")
        case .leadsWithStuckDisk: MutantRecord(.a, "hashicorp#503, #614, #666", "L1")
        case .leaksUncommitted: MutantRecord(.a, "etcd-raft#54, cockroach#31618", "L1", "L3")
        case .transferTakesWrites: MutantRecord(.scripted, "hashicorp#581", "L2")
        case .transfersToLaggard: MutantRecord(.scripted, "redpanda#2606, openraft#1805", "L2")
        case .answersByIndexAlone: MutantRecord(.a, "6.5840 student guide", "C2")
        case .appliesTwice: MutantRecord(.a, "thesis §6.3", "C2")
        case .forwardsForEver: MutantRecord(.a, "redisraft#13", "L3", "C2")
        case .swallowsSyncErrors: MutantRecord(.a, "cockroach#37102", "W1")
        case .acceptsTornTail: MutantRecord(.a, "etcd#14098", "G2", "G4", "W1")
        case .damageEndsLog: MutantRecord(.b, "FAST'18 (PAR), NuRaft#185", "G3", "W3", "W11")
        case .copiesKeepIdentity: MutantRecord(.b, "RethinkDB#5289, etcd#13509", "G1", "G3", "W3", "W4")
        case .marksBeforeLog: MutantRecord(.a, "FAST'18, TigerBeetle", "L1")
        case .freshOnReceipt: MutantRecord(.a, "nebula#2723, tikv#964", "C4")
        case .freshByWakefulClock: MutantRecord(.b, "CLOCK_MONOTONIC in suspension", "C4")
        }
    }
}
