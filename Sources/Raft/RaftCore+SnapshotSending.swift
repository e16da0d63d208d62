/// A leader feeds a peer that needs more than its log holds: thesis §5; docs/consensus.md §8.
extension RaftCore {
    /// The peer's next entry is gone from the log.
    mutating func beginSnapshot(for slot: Int) {
        output.events.append(.peerNeedsSnapshot(reign.peers[slot].id))
        reign.peers[slot].beginSnapshot(now: clock.now)
        offerSnapshot(to: slot)
    }

    /// Offers, and offers again what seems lost. Nothing goes to a peer that was not heard of lately.
    mutating func offerSnapshot(to slot: Int) {
        guard let transfer = reign.peers[slot].transfer,
            reign.peers[slot].isActive(at: clock.now, within: settings.electionTicks) else { return }
        if let offered = transfer.offered, reign.snapshots.isReady(offered),
            clock.now - transfer.activeAt < UInt64(settings.electionTicks) || mutated(.neverOffersAgain) { return }
        guard transfer.offered != nil || transfersUnderWay < settings.maxSnapshotTransfers else { return }
        let needed = max(log.base.index, transfer.healsFrom ?? .zero)
        let offered = transfer.offered.flatMap { id in
            reign.snapshots.ready.first { $0.id == id && $0.position.index >= needed }
        }
        guard let descriptor = offered ?? reign.snapshots.covering(needed) else {
            return prepareSnapshot(atLeast: needed)
        }
        reign.peers[slot].offered(descriptor, now: clock.now)
        send(to: reign.peers[slot].id, .snapshotOffer(descriptor))
    }

    private var transfersUnderWay: Int {
        reign.peers.count {
            $0.transfer?.offered != nil && $0.isActive(at: clock.now, within: settings.electionTicks) && isSnapshotHeld(for: $0)
        }
    }

    private mutating func prepareSnapshot(atLeast: LogIndex) {
        releaseSnapshots()
        guard reign.snapshots.ready.count < settings.maxSnapshots else { return }
        lastLoad += 1
        guard reign.snapshots.ask(id: lastLoad, atLeast: atLeast, now: clock.now, patience: settings.snapshotPatienceTicks)
        else { return }
        output.snapshots.append(.prepare(id: lastLoad, atLeast: atLeast))
    }

    mutating func snapshotReady(_ id: UInt64, _ descriptor: SnapshotDescriptor) {
        guard isLeader, reign.snapshots.prepared(id, descriptor) else {
            return output.snapshots.append(.release(descriptor.id))
        }
        for slot in reign.peers.indices { offerSnapshot(to: slot) }
        releaseSnapshots()
    }

    mutating func snapshotUnavailable(_ id: UInt64) {
        // The next heartbeat's answer of the peer asks again.
        reign.snapshots.unavailable(id)
    }

    /// The peer has so many bytes and wants more.
    mutating func receiveSnapshotWanted(_ wanted: SnapshotWanted, from member: MemberID) {
        guard isLeader, let slot = reign.slot(of: member) else { return }
        reign.peers[slot].heard(at: clock.now)
        guard let transfer = reign.peers[slot].transfer, transfer.offered == wanted.id else { return }
        // It has it all: nothing more to send, and what it holds its acknowledgement says.
        guard wanted.offset < transfer.bytesTotal else { return reign.peers[slot].healingEnded() }
        // One piece at a time: however often a peer asks, the disk is read once for it.
        guard reign.snapshots.isReady(wanted.id), transfer.chunkRead == nil, wanted.byteCountMax > 0 else { return }
        lastLoad += 1
        reign.peers[slot].wants(from: wanted.offset, read: lastLoad, now: clock.now)
        output.snapshots.append(.read(ChunkRequest(
            id: lastLoad, snapshot: wanted.id, offset: wanted.offset,
            bytesMax: min(settings.snapshotChunkBytes, Int(wanted.byteCountMax)))))
    }

    mutating func chunkRead(_ chunk: LoadedChunk) {
        guard let slot = reign.peers.firstIndex(where: { $0.transfer?.chunkRead == chunk.id }),
            let transfer = reign.peers[slot].transfer, let id = transfer.offered else { return }
        reign.peers[slot].chunkReadEnded()
        // Nothing read: the peer asks again, or is offered another one.
        guard !chunk.bytes.isEmpty, chunk.bytes.count <= settings.snapshotChunkBytes else { return }
        send(to: reign.peers[slot].id, .snapshotChunk(
            SnapshotChunk(id: id, offset: transfer.bytesDone, bytes: chunk.bytes)))
    }

    /// A member that heals asks for a snapshot that covers what was handed out there. That was committed, so a
    /// leader's log reaches as far (Raft §5.4); whoever asks for more is not helped by waiting.
    mutating func receiveSnapshotRequest(atLeast: LogIndex, from member: MemberID) {
        guard isLeader, let slot = reign.slot(of: member) else { return }
        reign.peers[slot].heard(at: clock.now)
        guard atLeast <= lastIndex else {
            return output.events.append(.ignoredMessage(from: member, reason: "heals from beyond the log"))
        }
        reign.peers[slot].beginHealing(from: atLeast, now: clock.now)
        offerSnapshot(to: slot)
    }

    /// Keeps what a transfer uses, also that of a peer that has just gone: it may come back and go on.
    mutating func releaseSnapshots() {
        for slot in reign.peers.indices where reign.peers[slot].transfer != nil && !isSnapshotHeld(for: reign.peers[slot]) { reign.peers[slot].healingEnded() }
        let needed = reign.peers.compactMap { peer in
            isSnapshotHeld(for: peer) ? peer.transfer?.offered : nil
        }
        for id in reign.snapshots.release(unless: { needed.contains($0) }) { output.snapshots.append(.release(id)) }
    }

    /// One that heals beside everything else asks as long as it needs to; when its last word was lost, it must not seem to be
    /// fed for ever, and keep the others from it.
    func isSnapshotHeld(for peer: Progress) -> Bool {
        guard let transfer = peer.transfer else { return false }
        guard peer.phase == .snapshotting else { return peer.heals(at: clock.now, patience: healingPatience) }
        return clock.now - transfer.activeAt < UInt64(settings.snapshotPatienceTicks)
    }

    /// After so much silence of a peer about its healing, this leader takes it for done.
    var healingPatience: UInt64 { UInt64(settings.electionTicks * IncomingSnapshot.unansweredMax) }

    // MARK: Cutting the log

    /// Only what is durable in the applied state goes, and nothing that follows a snapshot on its way: its
    /// receiver would need another one at once (docs/consensus.md §8).
    mutating func compact(through durable: LogIndex) {
        stateDurableIndex = max(stateDurableIndex, min(durable, appliedIndex))
        var target = min(stateDurableIndex, disk.durable)
        target = LogIndex(target.rawValue > UInt64(settings.trailingEntries) ? target.rawValue - UInt64(settings.trailingEntries) : 0)
        for peer in reign.peers where isSnapshotHeld(for: peer) {
            if let offered = peer.transfer?.offered { target = min(target, offered.position.index) }
        }
        guard incoming?.holdsLog != true, log.base.index.distance(to: target) >= settings.compactionStepEntries,
            let term = log.term(at: target) else { return }
        let base = LogBase(
            position: LogPosition(term: term, index: target), configuration: configurations.configuration(asOf: target))
        log.compact(to: base.position)
        configurations.compact(to: base.position.index)
        staged.base = base
        output.events.append(.compacted(base))
    }
}
