import Raft

extension World {
    func start(_ member: Member) throws(Violation) {
        runs[member.slot] += 1
        member.restartAt = nil
        let disk = member.disk
        let applied = disk.applied
        // Somewhere at or below the first unapplied entry, but never less than the last one.
        let base = Int(disk.base?.position.index.rawValue ?? 0)
        let needed = max(base, min(Int(applied.rawValue), max(0, disk.entries.count - 1)))
        let from = timerDraw.int(in: base...needed)
        var restored = RestoredState()
        restored.hardState = disk.hardState
        restored.applied = applied
        restored.entries = Array(disk.entries[from...])
        restored.base = disk.base?.position ?? .zero
        restored.baseConfiguration = disk.base?.configuration ?? .empty
        restored.mark = disk.mark
        if disk.isDamaged { tracer.note(now, member.slot, "has acknowledged \(String(describing: disk.mark)), its log ends at \(disk.last)") }
        describe(disk.entries[base..<from], in: &restored)
        if applied.rawValue + 2 < UInt64(disk.entries.count) { reached.note(.restartedWithBacklog) }
        do throws(RestoreError) {
            member.process = Process(try RaftCore(
                id: member.id, settings: profile.settings, restored: restored, seed: timerDraw.next()))
        } catch {
            throw Violation(invariant: "W11", tick: now, detail: "member \(member.slot) cannot start: \(error)")
        }
        #if CREDENCE_MUTANTS
        member.process?.core.mutant = mutant
        #endif
        try remember(member)
    }

    private func describe(_ older: ArraySlice<Entry>, in restored: inout RestoredState) {
        for entry in older {
            if restored.termRuns.last?.term != entry.term {
                restored.termRuns.append(TermRun(term: entry.term, first: entry.index))
            }
            if entry.kind == .configuration, let configuration = try? Configuration(decoding: entry.payload) {
                restored.configurations.append(ConfigurationRecord(index: entry.index, configuration: configuration))
            }
        }
    }

    /// Sets the checker's picture to what the disk holds.
    private func remember(_ member: Member) throws(Violation) {
        let disk = member.disk
        member.chains = disk.chains
        member.terms = disk.entries.map(\.term)
        member.configurations = []
        member.applied = disk.applied
        member.applying = []
        member.isHealing = false
        member.shellBusyUntil = now
        member.disk.canonical = { [unowned self] index in checker.log(through: index) }
        member.proposed = []
        member.lastCommit = disk.applied
        member.lastTerm = disk.hardState.term
        member.wasLeader = false
        if let base = disk.base {
            member.configurations = [ConfigurationRecord(index: base.position.index, configuration: base.configuration)]
        }
        member.joined = joined(in: disk.entries.filter { $0.index <= disk.applied })
        for entry in disk.entries where entry.index > disk.base?.position.index ?? .zero {
            if entry.kind == .configuration, let configuration = try? Configuration(decoding: entry.payload) {
                member.configurations.append(ConfigurationRecord(index: entry.index, configuration: configuration))
            }
        }
        try step(member, .setLearners(member.joined))
    }

    func crash(_ member: Member) {
        guard member.isUp else { return }
        if member.disk.queue.contains(where: { $0.operation.hardState != nil }) { reached.note(.votePendingAtCrash) }
        let kept = member.disk.queue.isEmpty ? 0 : faultDraw.int(in: 0...member.disk.queue.count)
        if member.disk.crash(keeping: kept) > 0 { reached.note(.suffixLostInCrash) }
        member.die()
        member.pausedUntil = 0
        runs[member.slot] += 1
        tracer.note(now, member.slot, "crash")
        let pause = faultDraw.chance(500) ? 3 : 5 * profile.settings.electionTicks
        member.restartAt = now + faultDraw.int(in: 1...pause)
    }

    func makeFaults() throws(Violation) {
        if faultDraw.chance(profile.partitionPermille) { try partition() }
        if faultDraw.chance(profile.crashPermille) { crash(members[faultDraw.int(in: 0...members.count - 1)]) }
        if faultDraw.chance(profile.healPermille) { try healByOrder() }
        if faultDraw.chance(profile.powerLossPermille) { for member in members { crash(member) } }
        if faultDraw.chance(profile.pausePermille), let member = faultDraw.pick(likelyLeaders()) {
            member.pausedUntil = now + faultDraw.int(in: 1...4 * profile.settings.electionTicks)
            tracer.note(now, member.slot, "pause")
        }
    }

    /// Leaders are hit as often as everybody else together.
    private func likelyLeaders() -> [Member] {
        let leaders = members.filter(\.isLeader)
        return faultDraw.chance(500) && !leaders.isEmpty ? leaders : members.filter(\.isUp)
    }

    private func partition() throws(Violation) {
        network.heal()
        tracer.note(now, 0, "partition")
        let isOnLeft = members.map { _ in faultDraw.chance(500) }
        switch profile.focus == .contest ? 1 : faultDraw.int(in: 0...4) {
        case 0: network.split(isOnLeft)
        case 1: if let member = faultDraw.pick(likelyLeaders()) { return try isolate(member) }
        case 2: network.bridge(isOnLeft, over: faultDraw.int(in: 0...members.count - 1))
        case 3 where profile.usesOneWayCuts:
            for _ in 0...members.count {
                let one = faultDraw.int(in: 0...members.count - 1)
                let other = faultDraw.int(in: 0...members.count - 1)
                if one != other { network.setCut(from: one, to: other, true) }
            }
        default: return  // healed
        }
        timeline.add(.heal, at: now + faultDraw.int(in: 1...10 * profile.settings.electionTicks), now: now)
    }

    func isolate(_ member: Member) throws(Violation) {
        network.heal()
        network.isolate(member.slot)
        timeline.add(.heal, at: now + faultDraw.int(in: 1...5 * profile.settings.electionTicks), now: now)
        guard profile.doomedWritesMax > 0, member.isLeader, member.pausedUntil <= now else { return }
        for _ in 0..<faultDraw.int(in: 1...profile.doomedWritesMax) { try write(at: member) }
    }

    func healPartition() {
        guard !isHealed else { return }
        network.heal()
        guard faultDraw.chance(profile.leaderCrashAtHealPermille) else { return }
        // The newest leader: the one whose log is the right one.
        if let leader = members.filter(\.isLeader).max(by: { $0.term < $1.term }) { crash(leader) }
    }
}
