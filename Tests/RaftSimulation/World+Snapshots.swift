import Raft

/// The shell's part in snapshots: making, reading, staging and verifying files, each after a while.
///
/// A snapshot's hash is the chain at its position, so its content can be compared with what was committed. Its
/// bytes are nothing but a count.
extension World {
    func schedule(_ work: [SnapshotWork], for member: Member) {
        for item in work {
            let lag = isHealed ? diskDraw.int(in: 0...1) : diskDraw.heavyTail(max: profile.diskLatencyMax)
            member.shellBusyUntil = max(now + lag, member.shellBusyUntil)
            timeline.add(.snapshotWork(slot: member.slot, run: runs[member.slot], item), at: member.shellBusyUntil, now: now)
        }
    }

    func perform(_ work: SnapshotWork, at member: Member) throws(Violation) {
        switch work {
        case .prepare(let id, let atLeast):
            if !member.isHealing, member.applied <= member.disk.last.index { member.disk.applied = member.applied }
            guard let descriptor = makeSnapshot(of: member), descriptor.position.index >= atLeast else {
                return try step(member, .snapshotUnavailable(id: id))
            }
            try checker.snapshot(descriptor, by: member)
            try step(member, .snapshotReady(id: id, descriptor))
        case .read(let request):
            let isLost = !isHealed && diskDraw.chance(20)
            let rest = Int(snapshotByteCount(of: request.snapshot)) - Int(request.offset)
            let count = isLost ? 0 : max(0, min(rest, request.bytesMax))
            try step(member, .chunkRead(LoadedChunk(id: request.id, bytes: [UInt8](repeating: 1, count: count))))
        case .release: break
        case .stage(let descriptor):
            if member.disk.staged?.id == descriptor.id, member.disk.stagedBytes > 0 { reached.note(.snapshotResumed) }
            if member.disk.staged?.id != descriptor.id { member.disk.stage(descriptor) }
            try step(member, .snapshotStaged(descriptor.id, byteCount: member.disk.stagedBytes))
        case .write(let chunk):
            if chunk.offset == member.disk.stagedBytes, chunk.id == member.disk.staged?.id {
                member.disk.stagedBytes += UInt64(chunk.bytes.count)
            }
            try step(member, .snapshotStaged(chunk.id, byteCount: member.disk.stagedBytes))
        case .verify(let descriptor):
            let isSound = isHealed || !diskDraw.chance(profile.snapshotDamagePermille)
            if !isSound {
                reached.note(.snapshotDamaged)
                member.disk.stage(nil)
            }
            try step(member, .snapshotVerified(descriptor.id, isSound: isSound))
        case .discard: member.disk.stage(nil)
        }
    }

    /// What the durable state holds; the log may have gone on.
    private func makeSnapshot(of member: Member) -> SnapshotDescriptor? {
        let index = member.disk.applied
        guard index > .zero, let chain = checker.chain(at: index), let term = member.disk.term(at: index) else { return nil }
        var configuration = checker.configuration(asOf: index)
        #if CREDENCE_MUTANTS
        if mutant == .snapshotTakesNewestConfiguration, let newest = member.configurations.last { configuration = newest.configuration }
        #endif
        let id = SnapshotID(position: LogPosition(term: term, index: index), hash: Self.bytes(of: chain))
        return SnapshotDescriptor(id: id, configuration: configuration, byteCount: snapshotByteCount(of: id))
    }

    /// One byte per entry, so that long logs take many pieces.
    private func snapshotByteCount(of id: SnapshotID) -> UInt64 { max(1, id.position.index.rawValue) }

    static func bytes(of chain: UInt64) -> [UInt8] {
        (0..<SnapshotID.hashBytes).map { UInt8(truncatingIfNeeded: chain >> UInt64(8 * ($0 % 8))) }
    }

    /// The core has issued the installation: from here on this is the member's log.
    func install(_ descriptor: SnapshotDescriptor, at member: Member) throws(Violation) {
        let count = Int(descriptor.position.index.rawValue)
        if member.isLeader { throw Violation(invariant: "G6", tick: now, detail: "leader \(member.slot) replaces its own log") }
        if !member.isHealing, !member.applying.isEmpty {
            throw Violation(invariant: "W8", tick: now, detail: "member \(member.slot) installs while it applies")
        }
        if count < Int(member.disk.applied.rawValue) {
            throw Violation(invariant: "W8", tick: now, detail: "member \(member.slot) installs an older state than it has")
        }
        if members.contains(where: { $0.isUp && $0.configurations.last?.index ?? .zero > checker.committedIndex }) { reached.note(.installDuringChange) }
        let canonical = checker.log(through: descriptor.position.index)
        if isBound(member), member.lastCommit > descriptor.position.index, member.chain(at: descriptor.position.index) != canonical.chains.last {
            throw Violation(invariant: "G7", tick: now, detail: "member \(member.slot) had committed another log than the snapshot's")
        }
        member.chains = canonical.chains
        member.terms = canonical.entries.map(\.term)
        member.configurations = [ConfigurationRecord(index: descriptor.position.index, configuration: descriptor.configuration)]
        member.lastCommit = max(member.lastCommit, descriptor.position.index)
        reached.note(.snapshotInstalled)
    }

    /// It has completed: the state is the snapshot's.
    func installed(_ position: LogPosition, at member: Member) throws(Violation) {
        if position.index < member.applied, !member.isHealing {
            throw Violation(invariant: "W8", tick: now, detail: "member \(member.slot) takes applying back")
        }
        member.isHealing = false
        member.applying = []
        member.applied = position.index
        member.machine = Machine(voters: profile.voters, entries: checker.log(through: position.index).entries[...])
        #if CREDENCE_MUTANTS
        if mutant == .snapshotOmitsAnswers { member.machine.forgetAnswers() }
        #endif
        try serveReads(of: member)
        advanceFreshness(of: member)
        for taken in member.taken where member.machine.answer(to: taken.request.id) != nil { try answerTaken(taken.request.id, at: member) }
    }

    /// The state file is synced now and then; what lies before may go from the log.
    func syncState(of member: Member) throws(Violation) {
        guard profile.usesSnapshots, !member.isHealing, diskDraw.chance(300) else { return }
        try step(member, .stateDurable(through: member.disk.applied))
    }

    func cut(to base: LogBase, at member: Member) throws(Violation) {
        if base.position.index > member.disk.applied {
            throw Violation(invariant: "W8", tick: now, detail: "member \(member.slot) cuts its log at \(base.position), its durable state ends at \(member.disk.applied)")
        }
        if base.configuration != checker.configuration(asOf: base.position.index) {
            throw Violation(invariant: "W6", tick: now, detail: "member \(member.slot) begins its log with other voters than those of \(base.position)")
        }
        reached.note(.logCut)
    }

    func healable() -> [Member] {
        guard !members.contains(where: \.isHealing) else { return [] }
        return members.filter { $0.isUp && $0.pausedUntil <= now && $0.believesConfiguration.voters.contains { [id = $0.id] in $0 != id } }
    }

    func healByOrder(_ member: Member) throws(Violation) {
        guard healable().contains(where: { $0.slot == member.slot }) else { return }
        member.isHealing = true
        member.applying = []
        try step(member, .heal)
        if member.process?.core.status.incomingSnapshot != nil { return }
        reached.note(.healedByOrder)
    }
}
