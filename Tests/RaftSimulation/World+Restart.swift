import Raft

/// A member starts with what its disk holds.
extension World {
    func start(_ member: Member) throws(Violation) {
        runs[member.slot] += 1
        member.restartAt = nil
        member.disk.lineage += 1
        open(member)
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
        member.machine = Machine(voters: profile.voters, entries: disk.entries.prefix(Int(disk.applied.rawValue)))
        #if CREDENCE_MUTANTS
        if mutant == .appliedIndexApart, let last = disk.entries.prefix(Int(disk.applied.rawValue)).last { _ = member.machine.apply(last) }
        #endif
        member.waitingReads = []
        member.taken = []
        member.awaitedByIndex = [:]
        member.appended = [:]
        member.freshness = FreshnessTracker()
        member.freshPoint = nil
        for entry in disk.entries where entry.index > disk.base?.position.index ?? .zero {
            if entry.kind == .configuration, let configuration = try? Configuration(decoding: entry.payload) {
                member.configurations.append(ConfigurationRecord(index: entry.index, configuration: configuration))
            }
        }
        try step(member, .setLearners(member.joined))
    }
}
