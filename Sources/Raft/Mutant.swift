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
    case wantsTermAndIndex = "M07"
    case countsLateVotes = "M08"
    case countsLearners = "M09"
    case commitsEarlierTerms = "M10"
    case majorityOffByOne = "M11"
    case quorumUnsorted = "M12"
    case leaderCountsUnsynced = "M13"
    case acknowledgesUnsynced = "M14"
    case appliesBeyondDurable = "M15"
    case commitIsUncapped = "M16"
    case heartbeatTellsAll = "M17"
    case acknowledgesWholeLog = "M18"
    case alwaysTruncates = "M19"
    case countsOverwrittenWrites = "M20"
    case conflictsBelowBase = "M21"
    case unknownTermIsZero = "M22"
    case skipsAnEntry = "M23"
    case believesLateRejections = "M24"
    case countsLateAcknowledgements = "M25"
    case readsBeforeOwnTermCommit = "M26"
    case readsWithoutRound = "M27"
    /// In the simulated shell, which serves the reads.
    case servesBeforeApplied = "M28"
    case reusesRounds = "M29"
    case roundsOutliveTransfer = "M30"
    case changesBeforeOwnTermCommit = "M31"
    case overlapsChanges = "M32"
    case keepsTruncatedConfiguration = "M33"
    /// In the simulated shell, which makes the snapshots.
    case snapshotTakesNewestConfiguration = "M34"
    case installKeepsConfiguration = "M35"
    case changesAtCommit = "M36"
    case removedLeaderCounts = "M37"
    case onlyMembersVote = "M38"
    case newMembersAreSilent = "M39"
    case acknowledgesSnapshotEarly = "M40"
    case campaignsDuringInstall = "M41"
    case keepsArrivingSnapshot = "M41b"
    case conflictSurvivesInstall = "M42"
    case neverOffersAgain = "M44"
    // In the simulated shell: what a snapshot and a restart bring.
    case snapshotOmitsAnswers = "M43"
    case appliedIndexApart = "M45"
    case installRacesApplying = "M46"
    case preVoteGrantCarriesOwnTerm = "M47"
    case ignoresOutdatedLeaders = "M48"
    case ignoresStickiness = "M49"
    case leadsWithStuckDisk = "M50"
    case leaksUncommitted = "M51"
    case transferTakesWrites = "M52"
    case transfersToLaggard = "M52b"
    // In the simulated shell: answering, applying and forwarding requests, and judging freshness.
    case answersByIndexAlone = "M53"
    case appliesTwice = "M54"
    case forwardsForEver = "M55"
    // On the simulated disk.
    case swallowsSyncErrors = "M56"
    case acceptsTornTail = "M57"
    case damageEndsLog = "M58"
    case marksBeforeLog = "M61"
    /// In the simulated shell, which knows members by their directories.
    case copiesKeepIdentity = "M59"
    case freshOnReceipt = "M60"
    case freshByWakefulClock = "M60b"
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
