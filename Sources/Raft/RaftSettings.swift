/// The numbers that shape one member's behaviour. Times are ticks; the shell decides how long a tick is
/// (20 ms gives a 100 ms heartbeat and E = 1 s with the defaults).
package struct RaftSettings: Equatable, Sendable {
    /// E of docs/consensus.md §3: election timeouts are drawn from [E, 2E), the first after a leader from a part of
    /// [E + a heartbeat, 3E/2).
    package var electionTicks = 50
    /// Whether that first timeout is drawn so. The simulation leaves it out at times: what several candidates at once bring to
    /// light is rare with it.
    package var followersTakeTurns = true
    package var heartbeatTicks = 5
    /// Bounds of one append message.
    package var maxBatchEntries = 512
    package var maxBatchBytes = 1 << 20
    /// Append messages sent to one peer and not yet acknowledged.
    package var maxInflight = 64
    /// Payload bytes a leader holds above its commit index before it answers `busy`.
    package var maxUncommittedBytes = 16 << 20
    package var maxUncommittedEntries = 65_536
    package var maxEntryBytes = 1 << 20
    /// Applied entries kept in memory for peers that are a little behind; older ones are loaded from disk.
    package var windowEntries = 8192
    package var windowBytes = 32 << 20
    /// Entries handed out for applying and not yet reported applied.
    package var maxUnapplied = 4096
    package var maxPendingReads = 8192
    /// Entries kept behind the durable state for peers that are behind: cheaper than a snapshot.
    package var trailingEntries = 16_384
    /// The log is cut by at least so many entries at a time.
    package var compactionStepEntries = 4_096
    package var snapshotChunkBytes = SnapshotChunk.bytesMax
    /// Snapshots kept for transfers at one time.
    package var maxSnapshots = 2
    /// Peers that are sent a snapshot at one time.
    package var maxSnapshotTransfers = 2
    /// A transfer whose peer is silent for so long no longer keeps the log from being cut: a minute.
    package var snapshotPatienceTicks = 3_000

    package init() {}

    /// Settings that cannot work are raised to the nearest that can, so that no value can stop the core.
    func sanitized() -> RaftSettings {
        var settings = self
        settings.heartbeatTicks = max(1, heartbeatTicks)
        settings.electionTicks = max(2 * settings.heartbeatTicks, electionTicks)
        settings.maxBatchEntries = min(max(1, maxBatchEntries), Message.entriesMax)
        settings.maxEntryBytes = min(max(1, maxEntryBytes), Message.entryBytesMax)
        settings.maxBatchBytes = min(max(1, maxBatchBytes), Message.batchBytesMax)
        settings.maxInflight = max(1, maxInflight)
        settings.maxUncommittedBytes = max(1, maxUncommittedBytes)
        settings.maxUncommittedEntries = max(1, maxUncommittedEntries)
        settings.windowEntries = max(1, windowEntries)
        settings.windowBytes = max(1, windowBytes)
        settings.maxUnapplied = max(1, maxUnapplied)
        settings.maxPendingReads = max(1, maxPendingReads)
        settings.trailingEntries = max(0, trailingEntries)
        settings.compactionStepEntries = max(1, compactionStepEntries)
        settings.snapshotChunkBytes = min(max(1, snapshotChunkBytes), SnapshotChunk.bytesMax)
        settings.maxSnapshots = max(1, maxSnapshots)
        settings.maxSnapshotTransfers = max(1, maxSnapshotTransfers)
        settings.snapshotPatienceTicks = max(settings.electionTicks, snapshotPatienceTicks)
        return settings
    }
}
