/// A broken invariant, named as in docs/consensus.md §11.
struct Violation: Error, Equatable {
    let invariant: String
    let tick: Int
    let detail: String
}

extension Violation: CustomStringConvertible {
    var description: String { "invariant \(invariant) tick \(tick): \(detail)" }
}

/// States worth having been in. A simulation that never gets there proves nothing about them, so a long
/// campaign fails when one stays at zero.
struct Reached {
    enum Landmark: Int, CaseIterable {
        case leaderElected, entriesTruncated, configurationRolledBack, twoLeadersAtOnce, votePendingAtCrash
        case suffixLostInCrash, diedMidStep, quorumLost, diskStalled, removedLeaderLeft, readLostWithLeader
        case readByFollower, entriesLoadedFromDisk, learnerPromoted, voterDemoted, proposalBusy, changeRefused
        case snapshotInstalled, snapshotResumed, snapshotDamaged, installDuringChange, logCut, healedByOrder
        case syncFailed, tailCut, damageCovered, startedRecovering, recordDamaged
        case directoryCopied, copyStarted, directoryEmptied, copyFenced, directoryPutBack
        case acknowledgedEntriesLost, recoveredFromLoss, transferAborted, handedOver
        case leftDown, leftDeaf, leftMute, leftWithOneNeighbour, leftWithStuckDisk, servedFromOutside
        case requestRetried, requestForwarded, forwardRefused, retryAnswered, retryAnsweredFromState, duplicateSkipped
        case readWaitedForApply, revokedInPartition, refusedAsStale, acceptedWithinBound
        case powerLost, suspended, linkFlapped, connectionReset, linkHeld, leaderCrashed
        case preVoteAnswered, idleStageRun, minorityDownAtEnd, earlierTermCommitted, restartedWithBacklog
    }

    private(set) var counts = [Int](repeating: 0, count: Landmark.allCases.count)

    mutating func note(_ landmark: Landmark) { counts[landmark.rawValue] += 1 }

    mutating func add(_ other: Reached) {
        for slot in counts.indices { counts[slot] += other.counts[slot] }
    }

    var missing: [Landmark] { Landmark.allCases.filter { counts[$0.rawValue] == 0 } }

    func count(_ landmark: Landmark) -> Int { counts[landmark.rawValue] }
}
