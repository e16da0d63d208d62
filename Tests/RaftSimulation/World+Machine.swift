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
        var hasJoined = false
        for entry in entries {
            try checker.applied(entry, by: member)
            member.applied = entry.index
            if perform(entry, on: member) { hasJoined = true }
            // Another term at this index: that proposal was lost, which is not an acknowledgement.
            if member.proposed.contains(entry.position) { acknowledged = max(acknowledged, entry.index) }
            member.proposed.removeAll { $0.index <= entry.index }
        }
        if diskDraw.chance(300), member.applied <= member.disk.last.index { member.disk.applied = member.applied }
        try step(member, .applied(through: member.applied))
        if hasJoined { try step(member, .setLearners(member.joined)) }
        try syncState(of: member)
    }

    /// Whether the set of joined members grew.
    private func perform(_ entry: Entry, on member: Member) -> Bool {
        guard entry.kind == .command, entry.payload.first == 1, entry.payload.count == 2 else { return false }
        let id = MemberID(slot: Int(entry.payload[1]))
        guard !member.joined.contains(id) else { return false }
        member.joined.append(id)
        return true
    }

    /// C1 and W10: a read sees everything that was committed anywhere when it was asked.
    func confirm(_ read: ConfirmedRead, at member: Member) throws(Violation) {
        guard let floor = reads.removeValue(forKey: read.id) else { return }
        if !member.isLeader { reached.note(.readByFollower) }
        if read.index < floor {
            throw Violation(
                invariant: "C1", tick: now,
                detail: "member \(member.slot) may serve read \(read.id) at \(read.index), \(floor) was committed before it")
        }
        confirmedReads[read.id] = member.slot
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
