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
        incoming = IncomingSnapshot(descriptor: offer, askedAt: clock.now)
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
        if offer.position.index > commitIndex { commit(through: offer.position.index) }
        send(to: member, .appendReply(.accepted(through: min(commitIndex, offer.position.index))),
            after: disk.operation(covering: offer.position.index))
    }

    mutating func snapshotStaged(_ id: SnapshotID, byteCount: UInt64) {
        guard var arriving = incoming, arriving.descriptor.id == id,
            arriving.phase == .staging || arriving.phase == .receiving else { return }
        arriving.bytesDone = byteCount
        arriving.phase = .receiving
        incoming = arriving
        guard byteCount >= arriving.descriptor.byteCount else { return askForChunk() }
        incoming?.phase = .verifying
        output.snapshots.append(.verify(arriving.descriptor))
    }

    private mutating func askForChunk() {
        guard let leader, leader != id, let arriving = incoming else { return }
        incoming?.askedAt = clock.now
        send(to: leader, .snapshotWanted(SnapshotWanted(id: arriving.descriptor.id, offset: arriving.bytesDone)))
    }

    mutating func receive(_ chunk: SnapshotChunk, from member: MemberID) {
        guard follow(member), let incoming, incoming.phase == .receiving,
            incoming.descriptor.id == chunk.id, incoming.bytesDone == chunk.offset else { return }
        guard chunk.isIntact, !chunk.bytes.isEmpty,
            UInt64(chunk.bytes.count) <= incoming.descriptor.byteCount - chunk.offset else { return askForChunk() }
        self.incoming?.phase = .staging
        self.incoming?.askedAt = clock.now
        output.snapshots.append(.write(chunk))
    }

    /// Pieces, questions and answers may be lost.
    mutating func tickSnapshot() {
        if let incoming, incoming.phase == .receiving, clock.now - incoming.askedAt >= UInt64(settings.electionTicks) {
            askForChunk()
        }
        tickHealing()
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
        guard healing != nil || appliedIndex == deliveredIndex else { return }
        install(arriving.descriptor)
    }

    /// The whole log goes, also what follows the snapshot's position: it does not hold the entry there, so what
    /// follows may be another leader's (canonical a3de0789).
    private mutating func install(_ descriptor: SnapshotDescriptor) {
        let position = descriptor.position
        log.reset(to: position)
        configurations = ConfigurationHistory(base: ConfigurationRecord(index: position.index, configuration: descriptor.configuration))
        output.events.append(.configurationChanged(configurations.current))
        disk.truncated(from: LogIndex(1))
        staged.install = descriptor
        commitIndex = position.index
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
        output.events.append(.snapshotInstalled(arriving.descriptor.position))
    }

    mutating func dropIncoming() {
        guard let arriving = incoming, !arriving.isInstalling else { return }
        output.snapshots.append(.discard(arriving.descriptor.id))
        incoming = nil
    }

    // MARK: Healing

    /// While it heals a member takes no entries, so that what it has acknowledged stays where the snapshot
    /// must reach, and takes no part in elections.
    mutating func heal() {
        guard healing == nil, incoming?.holdsLog != true else { return }
        if isLeader { stepDown(.healing) }
        dropIncoming()
        healing = Healing(atLeast: lastIndex)
        tickHealing()
    }

    private mutating func tickHealing() {
        guard let healing, incoming == nil, let leader, leader != id else { return }
        if let askedAt = healing.askedAt, clock.now - askedAt < UInt64(settings.electionTicks) { return }
        self.healing?.askedAt = clock.now
        send(to: leader, .snapshotRequest(atLeast: healing.atLeast))
    }
}
