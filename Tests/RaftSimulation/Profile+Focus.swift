import Raft

/// What a run leans towards.
extension Profile {
    mutating func lean(_ draw: inout Stream) {
        switch focus {
        case .mixed: return
        case .election: leanToElections(&draw)
        case .fig8: leanToFigure8(&draw)
        case .churn, .churn4:
            // Four voters: majorities of consecutive configurations meet in one member only.
            if focus == .churn4 { voters = 4 }
            spares = max(1, spares)
            changePermille = draw.int(in: 40...120)
            cutAfterChangePermille = draw.int(in: 200...700)
        case .snapshot:
            usesSnapshots = true
            settings.trailingEntries = draw.int(in: 0...3)
            settings.compactionStepEntries = 1
            proposalPermille = draw.int(in: 300...800)
            // Offers and receivers are lost while the leader stays.
            settings.snapshotPatienceTicks = 3_000
            dropPermille = draw.int(in: 0...250)
            crashPermille = draw.int(in: 5...25)
            healPermille = 0
            if draw.chance(500) {
                spares = max(1, spares)
                changePermille = draw.int(in: 40...120)
                cutAfterChangePermille = draw.int(in: 200...700)
            }
        case .reads:
            // Leaders sleep and wake to questions, while somebody else has taken over.
            voters = max(3, voters)
            pausePermille = draw.int(in: 8...25)
            clockSkewPermille = draw.int(in: 0...250)
            readPermille = draw.int(in: 600...1000)
            proposalPermille = draw.int(in: 300...900)
        case .disk:
            diskLatencyMax = draw.int(in: 2...2 * settings.electionTicks)
            diskStallPermille = draw.int(in: 5...25)
            crashPermille = draw.int(in: 5...20)
            midStepCrashPermille = draw.int(in: 1...6)
            if draw.chance(300) { powerLossPermille = draw.int(in: 1...5) }
            if draw.chance(500) { leanToSlowHealing(&draw) }
        case .calm:
            // Little goes wrong, so that much gets done.
            partitionPermille = 0
            crashPermille = draw.chance(500) ? 0 : 1
            pausePermille = 0
            midStepCrashPermille = 0
            powerLossPermille = 0
        }
    }

    /// Members replace their state while leaders fall: they hold the whole log, and could win.
    private mutating func leanToSlowHealing(_ draw: inout Stream) {
        healPermille = draw.int(in: 15...60)
        changePermille = 0
        diskLatencyMax = 2
        diskStallPermille = 0
        slowFilesPermille = draw.int(in: 20...80)
        settings.snapshotChunkBytes = 64
        partitionPermille = draw.int(in: 10...30)
        proposalPermille = draw.int(in: 10...100)
    }

    /// Elections one after the other, with answers of earlier rounds still on their way.
    private mutating func leanToElections(_ draw: inout Stream) {
        voters = draw.int(in: 3...7)
        partitionPermille = draw.int(in: 15...40)
        networkDelayMax = draw.int(in: settings.electionTicks / 2...3 * settings.electionTicks)
        duplicatePermille = draw.int(in: 50...300)
        crashPermille = draw.int(in: 5...25)
        proposalPermille = draw.int(in: 20...150)
    }

    /// Leaders fall one after the other, each leaving a long tail that must not win (Raft, figure 8).
    private mutating func leanToFigure8(_ draw: inout Stream) {
        voters = draw.chance(500) ? 3 : 5
        spares = 0
        networkDelayMax = min(networkDelayMax, 2)
        dropPermille = 0
        diskLatencyMax = min(diskLatencyMax, 2)
        diskStallPermille = 0
        partitionPermille = draw.int(in: 15...30)
        leaderCrashAtHealPermille = 900
        doomedWritesMax = draw.int(in: 8...20)
        proposalPermille = draw.int(in: 30...150)
        burstMax = 1
    }
}
