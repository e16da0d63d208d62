/// Known bugs of other systems, re-created one at a time so that the simulation can prove it would have
/// caught them. Numbers are those of docs/consensus.md §13. Only builds with `CREDENCE_MUTANTS` can switch one on;
/// in every other build `mutated` is the constant false and the bug is not in the binary.
package enum Mutant: String, CaseIterable, Sendable {
    case answersVoteBeforeDurable = "M01"
    case forgetsVoteInPreVote = "M02"
    case countsPreVoteAsVote = "M03"
    case votesTwiceForTransfer = "M04"
    case campaignsUnsynced = "M05"
    case comparesLogsByIndexOnly = "M06"
    case countsLearners = "M09"
    case commitsEarlierTerms = "M10"
    case majorityOffByOne = "M11"
    case leaderCountsUnsynced = "M13"
    case acknowledgesUnsynced = "M14"
    case appliesBeyondDurable = "M15"
    case alwaysTruncates = "M19"
    case readsBeforeOwnTermCommit = "M26"
    case readsWithoutRound = "M27"
    case changesBeforeOwnTermCommit = "M31"
    case overlapsChanges = "M32"
    case keepsTruncatedConfiguration = "M33"
    /// In the simulated shell, which makes the snapshots.
    case snapshotTakesNewestConfiguration = "M34"
    case acknowledgesSnapshotEarly = "M40"
    case campaignsDuringInstall = "M41"
    case neverOffersAgain = "M44"
    case preVoteGrantCarriesOwnTerm = "M47"
    case ignoresStickiness = "M49"
    case transferTakesWrites = "M52"
    case transfersToLaggard = "M52b"
}

extension RaftCore {
    #if CREDENCE_MUTANTS
    @inline(__always)
    func mutated(_ candidate: Mutant) -> Bool { mutant == candidate }
    #else
    @inline(__always)
    func mutated(_ candidate: Mutant) -> Bool { false }
    #endif
}
