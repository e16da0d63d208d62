/// Tells one snapshot from any other: what it covers, and the SHA-256 of its bytes. A transfer goes on after a
/// reconnect or under another leader only when this is the same (docs/consensus.md §8).
package struct SnapshotID: Hashable, Sendable {
    package static let hashBytes = 32

    /// The last entry whose effect is inside.
    package let position: LogPosition
    package let hash: [UInt8]

    package init(position: LogPosition, hash: [UInt8]) {
        self.position = position
        self.hash = hash
    }
}

/// The state machine as of one applied entry, as a file of known length and hash.
package struct SnapshotDescriptor: Equatable, Sendable {
    package let id: SnapshotID
    /// In force as of `position`: what a later, uncommitted entry says must not be in here (canonical#250).
    package let configuration: Configuration
    package let byteCount: UInt64

    /// What a receiver is willing to put on its disk: 1 TiB.
    package static let byteCountMax: UInt64 = 1 << 40

    package init(id: SnapshotID, configuration: Configuration, byteCount: UInt64) {
        self.id = id
        self.configuration = configuration
        self.byteCount = byteCount
    }

    package var position: LogPosition { id.position }
}

/// A piece of a snapshot, with a checksum of its own, so that damage on the way costs one piece and not all.
package struct SnapshotChunk: Equatable, Sendable {
    package static let bytesMax = 1 << 20

    package let id: SnapshotID
    package let offset: UInt64
    package let bytes: [UInt8]
    package let checksum: UInt32

    package init(id: SnapshotID, offset: UInt64, bytes: [UInt8]) {
        self.init(id: id, offset: offset, bytes: bytes, checksum: CRC32C.checksum(of: bytes))
    }

    init(id: SnapshotID, offset: UInt64, bytes: [UInt8], checksum: UInt32) {
        self.id = id
        self.offset = offset
        self.bytes = bytes
        self.checksum = checksum
    }

    var isIntact: Bool { CRC32C.checksum(of: bytes) == checksum }
}

/// Where a log begins: everything through `position` is in the applied state and no longer in the log.
package struct LogBase: Equatable, Sendable {
    package let position: LogPosition
    /// In force as of `position`.
    package let configuration: Configuration

    package init(position: LogPosition, configuration: Configuration) {
        self.position = position
        self.configuration = configuration
    }
}

/// What the core wants done with snapshots. Each is answered by the input named with it; a shell that cannot
/// answer may stay silent, and the core asks again.
package enum SnapshotWork: Equatable, Sendable {
    /// Make a snapshot that covers at least `atLeast`, or name one that is there, and keep its file until
    /// `release`. Answer: `snapshotReady` or `snapshotUnavailable`, with the same id.
    case prepare(id: UInt64, atLeast: LogIndex)
    /// Read a piece of a prepared snapshot. Answer: `chunkRead`.
    case read(ChunkRequest)
    /// No transfer needs this prepared snapshot any more.
    case release(SnapshotID)
    /// Expect this snapshot; keep what is already there of the very same one. Answer: `snapshotStaged`.
    case stage(SnapshotDescriptor)
    /// Append this piece to the staged file, if it begins where the file ends. Answer, either way:
    /// `snapshotStaged` with what is there.
    case write(SnapshotChunk)
    /// Check the staged file's length, hash and inner soundness, and sync it. Answer: `snapshotVerified`.
    case verify(SnapshotDescriptor)
    /// The staged file is not needed.
    case discard(SnapshotID)
}

package struct ChunkRequest: Equatable, Sendable {
    package let id: UInt64
    package let snapshot: SnapshotID
    package let offset: UInt64
    /// At least one byte, at most this many.
    package let bytesMax: Int

    package init(id: UInt64, snapshot: SnapshotID, offset: UInt64, bytesMax: Int) {
        self.id = id
        self.snapshot = snapshot
        self.offset = offset
        self.bytesMax = bytesMax
    }
}

/// The answer to a `ChunkRequest`; empty when reading failed.
package struct LoadedChunk: Equatable, Sendable {
    package let id: UInt64
    package let bytes: [UInt8]

    package init(id: UInt64, bytes: [UInt8]) {
        self.id = id
        self.bytes = bytes
    }
}
