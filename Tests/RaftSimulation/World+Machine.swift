import Raft

/// The simulated state machine: applying, reading, loading from disk.
extension World {
    func schedule(_ entries: [Entry], for member: Member) {
        member.applying += entries
        let lag = isHealed ? 0 : diskDraw.heavyTail(max: profile.applyLatencyMax)
        timeline.add(.applyDone(slot: member.slot, run: runs[member.slot]), at: now + lag, now: now)
    }

    func apply(_ member: Member) throws(Violation) {
        guard !member.applying.isEmpty else { return }
        let entries = member.applying
        member.applying = []
        guard isBound(member) else { return try applyUnheard(entries, on: member) }
        var hasJoined = false
        for entry in entries {
            try checker.applied(entry, by: member)
            member.applied = entry.index
            if try perform(entry, on: member) { hasJoined = true }
            // Another term at this index: that proposal was lost, which is not an acknowledgement.
            if member.proposed.contains(entry.position) { acknowledged = max(acknowledged, entry.index) }
            member.proposed.removeAll { $0.index <= entry.index }
        }
        if diskDraw.chance(300), member.applied <= member.disk.last.index { member.disk.applied = member.applied }
        try step(member, .applied(through: member.applied))
        try serveReads(of: member)
        advanceFreshness(of: member)
        if hasJoined { try step(member, .setLearners(member.joined)) }
        try syncState(of: member)
    }

    /// By a copy, which tells nobody of it.
    private func applyUnheard(_ entries: [Entry], on member: Member) throws(Violation) {
        for entry in entries {
            member.applied = entry.index
            _ = member.machine.apply(entry)
        }
        try step(member, .applied(through: member.applied))
    }

    /// Whether the set of joined members grew.
    private func perform(_ entry: Entry, on member: Member) throws(Violation) -> Bool {
        #if CREDENCE_MUTANTS
        let effect = member.machine.apply(entry, dedupes: mutant != .appliesTwice)
        if let id = member.awaitedByIndex.removeValue(forKey: entry.index) { try answerBlindly(id, effect, at: member) }
        #else
        let effect = member.machine.apply(entry)
        #endif
        try checker.effect(effect, at: entry.index, on: member)
        if case .answered(let id, _, let isFirst) = effect {
            if !isFirst { reached.note(.duplicateSkipped) }
            try answerTaken(id, at: member)
        }
        if case .joined = effect { return true }
        return false
    }

    #if CREDENCE_MUTANTS
    /// With the answer to whatever landed at the index.
    private func answerBlindly(_ id: UInt64, _ effect: Machine.Effect, at member: Member) throws(Violation) {
        guard case .answered(_, let answer, _) = effect else { return try self.answer(id, with: nil, by: member) }
        try self.answer(id, with: answer, by: member)
    }
    #endif

    /// C1 and W10: a read sees everything that was committed anywhere when it was asked.
    func confirm(_ read: ConfirmedRead, at member: Member) throws(Violation) {
        guard let floor = reads.removeValue(forKey: read.id) else { return }
        if !member.isLeader { reached.note(.readByFollower) }
        if read.index < floor {
            throw Violation(
                invariant: "C1", tick: now,
                detail: "member \(member.slot) may serve read \(read.id) at \(read.index), \(floor) was committed before it")
        }
        confirmFreshness(read, at: member)
        member.waitingReads.append((read, floor))
        if member.applied < read.index { reached.note(.readWaitedForApply) }
        try serveReads(of: member)
    }

    /// Once the index is applied, and not before.
    func serveReads(of member: Member) throws(Violation) {
        guard !member.waitingReads.isEmpty else { return }
        var rest: [(read: ConfirmedRead, floor: LogIndex)] = []
        for (read, floor) in member.waitingReads {
            var isDue = member.applied >= read.index
            #if CREDENCE_MUTANTS
            if mutant == .servesBeforeApplied { isDue = true }
            #endif
            guard isDue else {
                rest.append((read, floor))
                continue
            }
            if member.applied < floor {
                throw Violation(
                    invariant: "C1", tick: now,
                    detail: "member \(member.slot) serves read \(read.id) with \(member.applied) applied, \(floor) was committed before it")
            }
            confirmedReads[read.id] = member.slot
        }
        member.waitingReads = rest
    }

    func load(_ request: LoadRequest, for member: Member) throws(Violation) {
        let first = Int(request.first.rawValue) - 1
        var entries: [Entry] = []
        if first < member.disk.entries.count {
            let last = min(Int(request.last.rawValue), member.disk.entries.count)
            // Fewer than asked now and then, and sometimes none, as a real disk may answer.
            let count = diskDraw.chance(50) ? 0 : diskDraw.int(in: 1...last - first)
            entries = Array(member.disk.entries[first..<first + count])
            reached.note(.entriesLoadedFromDisk)
        }
        try step(member, .loaded(LoadedEntries(id: request.id, entries: entries)))
    }
}
