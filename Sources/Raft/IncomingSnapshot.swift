/// A snapshot on its way to this member. The receiver asks piece by piece, so the sender keeps no state that a
/// lost message could spoil, and any leader that has the very same snapshot can go on with it.
struct IncomingSnapshot: Sendable {
    enum Phase: Equatable, Sendable {
        /// The shell is looking for what is already there.
        case staging
        case receiving
        case verifying
        /// Sound; waits until everything that was handed out has been applied.
        case verified
        /// Waits for this storage operation.
        case installing(operation: UInt64)
    }

    let descriptor: SnapshotDescriptor
    var phase = Phase.staging
    /// Bytes that are on the disk; the next piece begins here.
    var bytesDone: UInt64 = 0
    /// When a piece was last asked for.
    var askedAt: UInt64
    var pace: ChunkPace
    /// Questions since the last piece that was kept. A leader that does not have this very snapshot never answers, and a
    /// shell that has lost the file keeps nothing.
    var unanswered = 0
    /// A piece is being written.
    var isWriting = false
    static let unansweredMax = 4

    /// From verification on nothing else may happen to the log: no campaign could name its end.
    var holdsLog: Bool {
        switch phase {
        case .staging, .receiving: false
        case .verifying, .verified, .installing: true
        }
    }

    var isInstalling: Bool {
        if case .installing = phase { true } else { false }
    }

    var progress: SnapshotProgress {
        SnapshotProgress(index: descriptor.position.index, bytesDone: bytesDone, bytesTotal: descriptor.byteCount)
    }
}

/// An operator's order to replace this member's log and state (docs/consensus.md §10).
struct Healing: Equatable, Sendable {
    /// The snapshot must cover all that was handed out for applying here: applying never goes back.
    let atLeast: LogIndex
    var askedAt: UInt64?
}
