import Raft

/// What one seed's run is made of. Every feature is on in some runs and off in others: leaving things out
/// finds what a single tuned mix hides (swarm testing, docs/consensus.md §12).
struct Profile {
    /// What a run leans towards. Some bugs need several things to line up, and a broad mix seldom does that.
    enum Focus: CaseIterable { case mixed, election, fig8, churn, churn4, snapshot, reads, disk, calm }
    private static let focusShares: [Focus] = [
        .mixed, .mixed, .mixed, .election, .election, .fig8, .fig8, .churn, .churn, .churn4, .snapshot, .snapshot, .reads, .reads, .disk, .calm,
    ]
    enum DelayShape: CaseIterable { case constant, uniform, heavyTail }
    /// What stays broken at the end, in a minority, while the rest must serve.
    enum EndFaults: CaseIterable { case none, down, cutOff, mixed }

    var focus: Focus
    var voters: Int
    var spares: Int
    var settings = RaftSettings()
    var faultTicks: Int

    var networkDelayMax: Int
    var delayShape: DelayShape
    var dropPermille: Int
    var duplicatePermille: Int
    var partitionPermille: Int
    var usesOneWayCuts: Bool
    var crashPermille: Int
    /// Chance of dying in the middle of carrying out one step's output.
    var midStepCrashPermille: Int
    var powerLossPermille: Int
    var pausePermille: Int
    var diskLatencyMax: Int
    var diskStallPermille: Int
    var slowFilesPermille: Int
    var applyLatencyMax: Int
    var clockSkewPermille: Int
    /// Constant rate error of each clock: one in a thousand is assumed, more costs only freshness.
    var clockErrorPermilleMax: Int
    var suspendPermille: Int
    /// Resets, links that hold everything back, links that flap.
    var linkFaultPermille: Int

    /// Chance that the leader dies just as a partition heals: its successor is chosen among unequal logs.
    var leaderCrashAtHealPermille: Int
    /// Writes given to a leader that was just cut off: the longer its doomed tail, the harder to elect rightly.
    var doomedWritesMax: Int

    var proposalPermille: Int
    var burstMax: Int
    var readPermille: Int
    /// Requests of clients that retry until they are answered.
    var clientPermille: Int
    /// Leaders know which requests they have appended, so that only a change of leader makes duplicates.
    var remembersOffers: Bool
    var revocationPermille: Int
    /// B: no member may accept for longer what was revoked.
    var stalenessBoundTicks: Int
    var changePermille: Int
    /// Chance of cutting the leader off right after it has proposed a configuration.
    var cutAfterChangePermille: Int
    var faultsAtTheEnd: EndFaults

    var usesSnapshots: Bool
    var snapshotDamagePermille: Int
    var healPermille: Int
    /// Chance that a member starts with a disk that has lost acknowledged entries.
    var lossPermille: Int
    /// Chance that a crash tears what is being written, or comes between log and mark.
    var tearPermille: Int
    var syncFailurePermille: Int
    /// Chance that a member starts with a record it cannot read.
    var damagePermille: Int
    /// Directories that are copied, and run from the copy later, or are emptied.
    var copyPermille: Int
    var transferPermille: Int

    init(seed: UInt64) {
        var draw = Stream(seed: seed, purpose: 1)
        focus = Self.focusShares[draw.int(in: 0...Self.focusShares.count - 1)]
        voters = [1, 2, 3, 3, 3, 3, 4, 5, 5, 6, 7][draw.int(in: 0...10)]
        spares = draw.chance(500) ? draw.int(in: 1...2) : 0
        faultTicks = draw.int(in: 250...900)

        settings.heartbeatTicks = draw.int(in: 1...3)
        settings.electionTicks = settings.heartbeatTicks * draw.int(in: 5...8)
        settings.maxBatchEntries = draw.chance(500) ? 1 : draw.int(in: 2...64)
        settings.maxInflight = draw.chance(300) ? 1 : draw.int(in: 2...16)
        settings.windowEntries = draw.chance(400) ? draw.int(in: 1...8) : 1024
        settings.maxUnapplied = draw.chance(200) ? draw.int(in: 1...4) : 1024
        settings.maxUncommittedBytes = draw.chance(200) ? 200 : 1 << 20

        networkDelayMax = draw.chance(300) ? 0 : draw.int(in: 1...2 * settings.electionTicks)
        delayShape = DelayShape.allCases[draw.int(in: 0...2)]
        dropPermille = draw.chance(400) ? 0 : draw.int(in: 1...150)
        duplicatePermille = draw.chance(500) ? 0 : draw.int(in: 1...200)
        partitionPermille = draw.chance(300) ? 0 : draw.int(in: 2...25)
        usesOneWayCuts = draw.chance(500)
        crashPermille = draw.chance(300) ? 0 : draw.int(in: 2...20)
        midStepCrashPermille = draw.chance(500) ? 0 : draw.int(in: 1...4)
        powerLossPermille = draw.chance(800) ? 0 : draw.int(in: 1...5)
        pausePermille = draw.chance(600) ? 0 : draw.int(in: 1...15)
        diskLatencyMax = draw.chance(200) ? 0 : draw.int(in: 1...settings.electionTicks)
        diskStallPermille = draw.chance(700) ? 0 : draw.int(in: 1...5)
        slowFilesPermille = diskStallPermille
        applyLatencyMax = draw.chance(500) ? 0 : draw.int(in: 1...20)
        clockSkewPermille = draw.chance(700) ? 0 : draw.int(in: 1...200)
        clockErrorPermilleMax = [0, 1, 1, 200][draw.int(in: 0...3)]
        suspendPermille = draw.chance(400) ? 0 : draw.int(in: 1...8)
        linkFaultPermille = draw.chance(500) ? 0 : draw.int(in: 2...30)

        leaderCrashAtHealPermille = draw.chance(500) ? 0 : draw.int(in: 200...900)
        doomedWritesMax = draw.chance(500) ? 0 : draw.int(in: 2...20)

        proposalPermille = draw.int(in: 50...600)
        burstMax = draw.chance(500) ? 1 : draw.int(in: 2...12)
        readPermille = draw.chance(300) ? 0 : draw.int(in: 20...400)
        changePermille = draw.chance(400) ? 0 : draw.int(in: 5...60)
        cutAfterChangePermille = draw.chance(500) ? 0 : draw.int(in: 100...700)
        faultsAtTheEnd = EndFaults.allCases[draw.int(in: 0...3)]
        clientPermille = draw.chance(400) ? 0 : draw.int(in: 50...400)
        remembersOffers = draw.chance(500)
        stalenessBoundTicks = settings.electionTicks * (draw.chance(500) ? 2 : draw.int(in: 2...8))
        revocationPermille = draw.chance(400) ? 0 : draw.int(in: 10...100)

        usesSnapshots = draw.chance(500)
        settings.trailingEntries = draw.chance(600) ? draw.int(in: 0...4) : draw.int(in: 5...40)
        settings.compactionStepEntries = draw.int(in: 1...8)
        settings.snapshotChunkBytes = draw.int(in: 1...64)
        settings.snapshotPatienceTicks = draw.chance(500) ? 3_000 : settings.electionTicks * draw.int(in: 2...6)
        snapshotDamagePermille = draw.chance(500) ? 0 : draw.int(in: 50...300)
        healPermille = draw.chance(700) ? 0 : draw.int(in: 1...8)
        lossPermille = draw.chance(700) ? 0 : draw.int(in: 100...600)
        transferPermille = draw.chance(500) ? 0 : draw.int(in: 2...60)
        // From a stream of their own: these came later, and what the others draw stays as it was.
        var diskDraw = Stream(seed: seed, purpose: 9)
        tearPermille = diskDraw.chance(300) ? 0 : diskDraw.int(in: 200...900)
        syncFailurePermille = diskDraw.chance(500) ? 0 : diskDraw.int(in: 1...6)
        damagePermille = diskDraw.chance(600) ? 0 : diskDraw.int(in: 100...600)
        copyPermille = diskDraw.chance(300) ? 0 : diskDraw.int(in: 5...25)
        var turnDraw = Stream(seed: seed, purpose: 12)
        settings.followersTakeTurns = turnDraw.chance(300)
        lean(&draw)
        // A second loss before the first is made good could take away what was committed; changing voters too.
        if voters < 3 { lossPermille = 0 }
        if lossPermille > 0 { changePermille = 0 }
        if voters < 3 || changePermille > 0 { damagePermille = 0 }
        // One that is gone for good and one that recovers or heals may be more than a majority can spare.
        if voters < 3 || changePermille + lossPermille + healPermille > 0 { copyPermille = 0 }
        if copyPermille > 0 { damagePermille = 0 }
        // A sole voter that heals has nobody to heal from, and no state to promote anybody by.
        if healPermille > 0 { changePermille = 0 }
    }
}
