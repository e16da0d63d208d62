/// The snapshots a leader has for peers that need more than its log holds.
struct OutgoingSnapshots: Sendable {
    private struct Request: Equatable, Sendable {
        let id: UInt64
        let atLeast: LogIndex
        let askedAt: UInt64
    }

    private(set) var ready: [SnapshotDescriptor] = []
    private var request: Request?

    /// The newest one that covers `index`.
    func covering(_ index: LogIndex) -> SnapshotDescriptor? {
        ready.filter { $0.position.index >= index }.max { $0.position.index < $1.position.index }
    }

    func isReady(_ id: SnapshotID) -> Bool { ready.contains { $0.id == id } }

    /// Whether to ask the shell now: not while it works on an earlier request, unless its answer seems lost.
    mutating func ask(id: UInt64, atLeast: LogIndex, now: UInt64, patience: Int) -> Bool {
        if let request, now - request.askedAt < UInt64(patience) { return false }
        request = Request(id: id, atLeast: atLeast, askedAt: now)
        return true
    }

    /// False when nobody asked: an answer to an earlier reign.
    mutating func prepared(_ id: UInt64, _ descriptor: SnapshotDescriptor) -> Bool {
        guard request?.id == id else { return false }
        request = nil
        if !isReady(descriptor.id) { ready.append(descriptor) }
        return true
    }

    mutating func unavailable(_ id: UInt64) {
        if request?.id == id { request = nil }
    }

    /// Lets go of those that `isNeeded` denies.
    mutating func release(unless isNeeded: (SnapshotID) -> Bool) -> [SnapshotID] {
        let released = ready.map(\.id).filter { !isNeeded($0) }
        ready.removeAll { released.contains($0.id) }
        return released
    }
}

/// One peer's way through a snapshot.
struct OutgoingTransfer: Equatable, Sendable {
    /// Set for a member that heals: what the snapshot must cover, beside the log's base. Such a member goes on
    /// taking entries meanwhile, or a small cluster could not commit what the snapshot has to cover.
    var healsFrom: LogIndex?
    var offered: SnapshotID?
    var bytesTotal: UInt64 = 0
    var bytesDone: UInt64 = 0
    /// When the peer last asked for a piece, or was last offered one.
    var activeAt: UInt64
    /// The read from disk it waits for.
    var chunkRead: UInt64?
}
