/// A member that is too far behind, or heals, takes its leader's snapshot: docs/consensus.md §8.
extension RaftCore {
    mutating func receive(_ offer: SnapshotDescriptor, from member: MemberID) {
        guard follow(member) else { return }
        if let incoming, incoming.holdsLog { return }
        guard needs(offer) else { return acknowledgeCovered(offer, to: member) }
        if incoming?.descriptor == offer {
            if incoming?.phase == .receiving { askForChunk() }
            return
        }
        incoming = IncomingSnapshot(
            descriptor: offer, askedAt: clock.now, pace: ChunkPace(byteCountMax: settings.snapshotChunkBytes))
        output.snapshots.append(.stage(offer))
    }

    /// A snapshot brings nothing that the log here holds already, nor what is committed here.
    private func needs(_ offer: SnapshotDescriptor) -> Bool {
        if let healing { return offer.position.index >= healing.atLeast }
        return offer.position.index > commitIndex && log.term(at: offer.position.index) != offer.position.term
    }

    /// What a snapshot covers is committed. If our log has its last entry, it has all of it (log matching).
    private mutating func acknowledgeCovered(_ offer: SnapshotDescriptor, to member: MemberID) {
        guard healing == nil else { return }
        sayComplete(offer, to: member)
        if offer.position.index > commitIndex { commit(through: offer.position.index) }
        send(to: member, .appendReply(.accepted(through: min(commitIndex, offer.position.index))),
            after: disk.operation(covering: offer.position.index))
    }

    private mutating func sayComplete(_ descriptor: SnapshotDescriptor, to member: MemberID) {
        send(to: member, .snapshotWanted(SnapshotWanted(id: descriptor.id, offset: descriptor.byteCount, byteCountMax: 0)))
    }

    mutating func snapshotStaged(_ id: SnapshotID, byteCount: UInt64) {
        guard var arriving = incoming, arriving.descriptor.id == id,
            arriving.phase == .staging || arriving.phase == .receiving else { return }
        arriving.unanswered = arriving.isWriting && byteCount <= arriving.bytesDone ? arriving.unanswered + 1 : 0
        arriving.isWriting = false
        arriving.bytesDone = byteCount
        arriving.phase = .receiving
        // Staged anew with the next offer.
        incoming = arriving.unanswered <= IncomingSnapshot.unansweredMax ? arriving : nil
        guard incoming != nil else { return }
        guard byteCount >= arriving.descriptor.byteCount else { return askForChunk() }
        incoming?.phase = .verifying
        output.snapshots.append(.verify(arriving.descriptor))
    }

    private mutating func askForChunk() {
        guard let leader, leader != id, let arriving = incoming else { return }
        incoming?.askedAt = clock.now
        send(to: leader, .snapshotWanted(SnapshotWanted(
            id: arriving.descriptor.id, offset: arriving.bytesDone, byteCountMax: UInt32(clamping: arriving.pace.byteCount))))
    }

    mutating func receive(_ chunk: SnapshotChunk, from member: MemberID) {
        guard follow(member), let incoming, incoming.phase == .receiving,
            incoming.descriptor.id == chunk.id, incoming.bytesDone == chunk.offset else { return }
        guard chunk.isIntact, !chunk.bytes.isEmpty,
            UInt64(chunk.bytes.count) <= incoming.descriptor.byteCount - chunk.offset else { return askForChunk() }
        self.incoming?.phase = .staging
        self.incoming?.isWriting = true
        // One that was asked for twice may have been on its way for longer than since it was asked for last.
        if incoming.unanswered == 0 {
            self.incoming?.pace.arrived(after: clock.now - incoming.askedAt, electionTicks: UInt64(settings.electionTicks))
        }
        self.incoming?.askedAt = clock.now
        output.snapshots.append(.write(chunk))
    }

    /// Pieces, questions and answers may be lost.
    mutating func tickSnapshot() {
        if let incoming { tick(incoming) }
        tickHealing()
    }

    /// A shell whose disk fails stays silent, and what it was asked is asked again with the next offer.
    private mutating func tick(_ arriving: IncomingSnapshot) {
        let silence = clock.now - arriving.askedAt, patience = UInt64(settings.electionTicks)
        switch arriving.phase {
        case .receiving where silence >= patience: askAgain(arriving)
        case .staging where silence >= patience * UInt64(IncomingSnapshot.unansweredMax): incoming = nil
        case .staging, .receiving, .verifying, .verified, .installing: break
        }
    }

    /// What is there of one that nobody sends any more stays on the disk, in case it is offered again.
    private mutating func askAgain(_ arriving: IncomingSnapshot) {
        guard needs(arriving.descriptor) else { return dropIncoming() }
        guard arriving.unanswered < IncomingSnapshot.unansweredMax else { return incoming = nil }
        incoming?.unanswered += 1
        incoming?.pace.missed()
        askForChunk()
    }

    mutating func snapshotVerified(_ id: SnapshotID, isSound: Bool) {
        guard incoming?.descriptor.id == id, incoming?.phase == .verifying else { return }
        guard isSound else { return dropIncoming() }
        incoming?.phase = .verified
        installIfPossible()
    }

    /// What was handed out for applying is applied first, so that nothing is applied twice or out of order
    /// (openraft eed681d5). A member that heals has stopped applying for good.
    mutating func installIfPossible() {
        guard let arriving = incoming, arriving.phase == .verified else { return }
        guard needs(arriving.descriptor) else {
            if let leader, leader != id { acknowledgeCovered(arriving.descriptor, to: leader) }
            return dropIncoming()
        }
        guard healing != nil || appliedIndex == deliveredIndex || mutated(.installRacesApplying) else { return }
        install(arriving.descriptor)
    }

    /// The whole log goes. What follows the snapshot's position is kept only if the log holds the very entry
    /// there, as that of a member that heals may: otherwise it is another leader's (canonical a3de0789).
    private mutating func install(_ descriptor: SnapshotDescriptor) {
        let position = descriptor.position
        let isOurs = log.term(at: position.index) == position.term || mutated(.conflictSurvivesInstall)
        let kept = isOurs ? log.entries(from: position.index.next, countMax: .max, bytesMax: .max) : []
        log.reset(to: position)
        if !mutated(.installKeepsConfiguration) {
            configurations = ConfigurationHistory(base: ConfigurationRecord(index: position.index, configuration: descriptor.configuration))
        }
        output.events.append(.configurationChanged(configurations.current))
        disk.truncated(from: LogIndex(1))
        staged.install = descriptor
        for entry in kept { append(entry) }
        commitIndex = max(commitIndex, position.index)
        deliveredIndex = position.index
        let operation = disk.nextOperation
        incoming?.phase = .installing(operation: operation)
        guard let leader, leader != id else { return }
        let mayHurry = mutated(.acknowledgesSnapshotEarly)
        send(to: leader, .appendReply(.accepted(through: position.index)), after: mayHurry ? nil : operation)
    }

    /// The operation that installs has completed: log and state begin anew.
    mutating func finishInstall() {
        guard let arriving = incoming, case .installing(let operation) = arriving.phase, disk.isComplete(operation) else { return }
        appliedIndex = max(appliedIndex, arriving.descriptor.position.index)
        incoming = nil
        healing = nil
        if let leader, leader != id { sayComplete(arriving.descriptor, to: leader) }
        output.events.append(.snapshotInstalled(arriving.descriptor.position))
    }

    mutating func dropIncoming() {
        guard let arriving = incoming, !arriving.isInstalling else { return }
        output.snapshots.append(.discard(arriving.descriptor.id))
        incoming = nil
    }

    // MARK: Healing

    /// A member that heals goes on taking entries and voting, which needs no applied state, and applies nothing.
    /// A lone voter has nobody to heal from.
    mutating func heal() {
        guard healing == nil, configuration.voters.contains(where: { $0 != id }) else { return }
        // One that is about to be installed heals as well as another.
        if incoming?.holdsLog != true { dropIncoming() }
        healing = Healing(atLeast: deliveredIndex)
        // It may have waited for entries to be applied that this member will not apply any more.
        installIfPossible()
        tickHealing()
    }

    /// It may have to lead when nobody else holds what is committed, but it cannot heal while it does.
    mutating func tickHealingAsLeader() {
        guard healing != nil, transfer == nil, isSettled, let target = try? transferTarget(nil) else { return }
        beginTransfer(to: target)
    }

    private mutating func tickHealing() {
        guard let healing, incoming == nil, let leader, leader != id else { return }
        if let askedAt = healing.askedAt, clock.now - askedAt < UInt64(settings.electionTicks) { return }
        self.healing?.askedAt = clock.now
        send(to: leader, .snapshotRequest(atLeast: healing.atLeast))
    }
}
