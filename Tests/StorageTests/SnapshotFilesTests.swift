import Glibc
import Raft
import Storage
import Testing
import TrustStore

@Suite("Snapshots on disk")
struct SnapshotFilesTests {
    private let scratch = Scratch()
    private let other = Scratch()
    private var clusterID: String { Samples.identity.clusterID }

    /// A state that stands at `index`, without rows: its content does not matter here.
    private func state(at index: UInt64, in scratch: Scratch) throws -> StateStore {
        let store = try StateStore.create(path: scratch.file("state.db"), clusterID: clusterID)
        try store.apply([], through: .at(index, term: 2))
        return store
    }

    private func files(in scratch: Scratch) throws -> SnapshotFiles {
        try SnapshotFiles(directory: scratch.file("snapshots"), statePath: scratch.file("state.db"), clusterID: clusterID)
    }

    private func transfer(
        _ descriptor: SnapshotDescriptor, from source: SnapshotFiles, to target: SnapshotFiles, until limit: UInt64 = .max
    ) throws {
        var count = try target.stage(descriptor)
        while count < min(limit, descriptor.byteCount) {
            let bytes = try source.read(ChunkRequest(id: 1, snapshot: descriptor.id, offset: count, bytesMax: 5_000))
            count = try target.write(SnapshotChunk(id: descriptor.id, offset: count, bytes: bytes))
        }
    }

    @Test("what arrives stands where the sender's state stood, while that one goes on")
    func arrives() throws {
        let store = try state(at: 7, in: scratch)
        let source = try files(in: scratch)
        let descriptor = try source.make()
        try store.apply([], through: .at(8, term: 2))
        let target = try files(in: other)
        try transfer(descriptor, from: source, to: target)
        let verified = try #require(try target.verify(descriptor))
        #expect(verified.point == .at(7, term: 2))
        #expect(descriptor.configuration == AppliedPoint.at(7, term: 2).configuration)
    }

    /// One of each that a member makes, and one beside them that it does not.
    private static let own = [
        "incoming.part", "incoming.id", "incoming.id.new", "draft.db", "draft.db-journal", "backup-0123456789abcdef.db", "7-2-0123456789abcdef.db",
        "7-2-0123456789abcdef.db-wal", "7-2-0123456789abcdef.db-shm",
    ]
    private static let foreign = ["backup-mine.db", "notes.txt", "7-2.db", "state.db"]

    private func fill(_ folder: String, in scratch: Scratch) {
        _ = unsafe mkdir(scratch.file(folder), 0o700)
        for name in Self.own + Self.foreign { scratch.write("\(folder)/\(name)", [1]) }
    }

    @Test("only what a member makes goes, at a start and when all of it goes")
    func foreignFiles() throws {
        fill("snapshots", in: scratch)
        _ = try state(at: 7, in: scratch)
        _ = try files(in: scratch)
        #expect(scratch.names(in: "snapshots") == (Self.foreign + ["incoming.part", "incoming.id", "incoming.id.new"]).sorted())
        fill("snapshots", in: scratch)
        try SnapshotFiles.removeAll(directory: scratch.file("snapshots"))
        #expect(scratch.names(in: "snapshots") == Self.foreign.sorted())
        for name in Self.foreign { scratch.remove("snapshots/\(name)") }
        try SnapshotFiles.removeAll(directory: scratch.file("snapshots"))
        #expect(!scratch.exists("snapshots"))
        try SnapshotFiles.removeAll(directory: scratch.file("snapshots"))
    }

    @Test("nothing is removed where a link leads: a start is refused, and of all of it only the link goes")
    func link() throws {
        fill("snapshots", in: other)
        let before = other.names(in: "snapshots")
        #expect(unsafe symlink(other.file("snapshots"), scratch.file("snapshots")) == 0)
        _ = try state(at: 7, in: scratch)
        #expect(throws: StorageError.isLink(file: scratch.file("snapshots"))) { try files(in: scratch) }
        #expect(other.names(in: "snapshots") == before)
        try SnapshotFiles.removeAll(directory: scratch.file("snapshots"))
        #expect(other.names(in: "snapshots") == before && !scratch.exists("snapshots"))
        _ = try files(in: scratch)
    }

    @Test("a transfer goes on where an earlier run of the receiver ended, for the very same snapshot only")
    func resumes() throws {
        let store = try state(at: 7, in: scratch)
        let source = try files(in: scratch)
        let descriptor = try source.make()
        try transfer(descriptor, from: source, to: try files(in: other), until: 6_000)
        let resumed = try files(in: other)
        #expect(try resumed.stage(descriptor) == 10_000)
        try transfer(descriptor, from: source, to: resumed)
        #expect(try resumed.verify(descriptor) != nil)

        try store.apply([], through: .at(9, term: 2))
        let newer = try source.make()
        #expect(try resumed.stage(newer) == 0)
    }

    @Test("a piece that does not begin where the file ends changes nothing")
    func outOfPlace() throws {
        _ = try state(at: 7, in: scratch)
        let source = try files(in: scratch)
        let descriptor = try source.make()
        let target = try files(in: other)
        _ = try target.stage(descriptor)
        for offset in [1, 4_096, descriptor.byteCount] as [UInt64] {
            #expect(try target.write(SnapshotChunk(id: descriptor.id, offset: offset, bytes: [1, 2, 3])) == 0)
        }
        let tooMuch = [UInt8](repeating: 0, count: Int(descriptor.byteCount) + 1)
        #expect(try target.write(SnapshotChunk(id: descriptor.id, offset: 0, bytes: tooMuch)) == 0)
    }

    @Test("a snapshot with a flipped bit anywhere is unsound and removed", arguments: 0..<8)
    func damaged(part: Int) throws {
        _ = try state(at: 7, in: scratch)
        let source = try files(in: scratch)
        let descriptor = try source.make()
        let target = try files(in: other)
        try transfer(descriptor, from: source, to: target)
        var bytes = other.read("snapshots/incoming.part")
        bytes[bytes.count * part / 8] ^= 1
        other.write("snapshots/incoming.part", bytes)
        #expect(try target.verify(descriptor) == nil)
        #expect(try target.stage(descriptor) == 0)
    }

    @Test("another cluster's snapshot is unsound, however intact")
    func wrongCluster() throws {
        let store = try StateStore.create(path: scratch.file("state.db"), clusterID: String(repeating: "d", count: 32))
        try store.apply([], through: .at(7, term: 2))
        let source = try SnapshotFiles(
            directory: scratch.file("snapshots"), statePath: scratch.file("state.db"), clusterID: String(repeating: "d", count: 32))
        let descriptor = try source.make()
        let target = try files(in: other)
        try transfer(descriptor, from: source, to: target)
        #expect(try target.verify(descriptor) == nil)
    }

    @Test("a snapshot of a level that only a newer binary knows is no damage: it is refused by name, and kept")
    func newerLevel() throws {
        let store = try state(at: 7, in: scratch)
        let meta = #"{"v":1,"last_command_index":7,"applied_at_milliseconds":0,"feature_level":1000,"of a later version":1}"#
        try store.apply([StateChange(collection: .meta, key: "state", value: Array(meta.utf8))], through: .at(8, term: 2))
        let source = try files(in: scratch)
        let descriptor = try source.make()
        let target = try files(in: other)
        try transfer(descriptor, from: source, to: target)
        let error = #expect(throws: StorageError.self) { try target.verify(descriptor) }
        guard case .unsupportedVersion(_, "feature level 1000", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try target.stage(descriptor) == descriptor.byteCount)
    }

    @Test("the first step of an installation may be repeated, as it is when the second found no space")
    func beginTwice() throws {
        _ = try state(at: 50, in: scratch)
        let source = try files(in: scratch)
        let descriptor = try source.make()
        let behind = try state(at: 3, in: other)
        let target = try files(in: other)
        try transfer(descriptor, from: source, to: target)
        #expect(try target.verify(descriptor) != nil)
        for _ in 0..<3 {
            try SnapshotFiles.beginInstallation(directory: other.file("snapshots"), statePath: other.file("state.db"))
        }
        try behind.replace(by: SnapshotFiles.nextPath(other.file("state.db")))
        #expect(behind.applied.position.index == LogIndex(50))
        // With neither file there is nothing to begin with.
        #expect(throws: StorageError.self) {
            try SnapshotFiles.beginInstallation(directory: other.file("snapshots"), statePath: other.file("state.db"))
        }
    }

    // MARK: Installing, and a crash after every step

    enum Step: CaseIterable { case nothing, file, log, all }

    @Test("an installation that a crash interrupts is finished or undone, never half done", arguments: Step.allCases)
    func crash(after step: Step) throws {
        _ = try state(at: 50, in: scratch)
        let source = try files(in: scratch)
        let descriptor = try source.make()
        try LogStore.create(path: other.file("log.db"), identity: Samples.identity, entries: Samples.entries(1...5)).close()
        let behind = try state(at: 3, in: other)
        let target = try files(in: other)
        try transfer(descriptor, from: source, to: target)
        let verified = try #require(try target.verify(descriptor))
        let log = try LogStore.open(path: other.file("log.db"), identity: Samples.identity)

        let paths = (directory: other.file("snapshots"), state: other.file("state.db"))
        if step != .nothing { try SnapshotFiles.beginInstallation(directory: paths.directory, statePath: paths.state) }
        if step == .log || step == .all {
            try log.perform([StorageOperation(id: 1, install: descriptor)], installing: verified.point)
        }
        if step == .all { try behind.replace(by: SnapshotFiles.nextPath(paths.state)) }
        try log.close()
        try behind.close()

        let stores = try MemberStores.open(logPath: other.file("log.db"), statePath: paths.state, archivePath: other.file("audit.db"), identity: Samples.identity)
        let isInstalled = step == .log || step == .all
        #expect(stores.state.applied.position.index == LogIndex(isInstalled ? 50 : 3))
        #expect(stores.log.lastIndex == LogIndex(isInstalled ? 50 : 5))
        #expect(!stores.log.isRecovering)
        #expect(!other.exists("state.db.next"))
        let restored = try stores.log.recover(applied: stores.state.applied.position.index, window: 10)
        #expect(restored.base == (isInstalled ? descriptor.position : .zero))
        // The log goes on from the snapshot's chain.
        if isInstalled {
            try stores.log.perform([StorageOperation(id: 2, entries: [Samples.entry(51, term: 2)])])
            #expect(stores.log.lastChain == LogChain.link(Samples.entry(51, term: 2), after: verified.point.chain))
        }
    }

    @Test("a log that is cut keeps its chain, and what was cut off goes away in bounded pieces")
    func cut() throws {
        let log = try LogStore.create(path: scratch.file("log.db"), identity: Samples.identity, entries: Samples.entries(1...60))
        let head = log.lastChain
        let base = LogBase(position: Samples.entry(40).position, configuration: Configuration(voters: [Samples.member(1)]))
        try log.perform([StorageOperation(id: 1, base: base)])
        #expect(try !log.purge(archived: .max))
        #expect(try log.entries(from: LogIndex(40), through: .max, bytesMax: .max) == [])
        try log.close()
        let again = try LogStore.open(path: scratch.file("log.db"), identity: Samples.identity)
        #expect(again.lastChain == head && again.basePosition == base.position)
        let restored = try again.recover(applied: LogIndex(50), window: 100)
        #expect(restored.entries == Samples.entries(41...60) && restored.baseConfiguration == base.configuration)
        // A core starts from it, also when most of the log stays on the disk.
        var window = try again.recover(applied: LogIndex(58), window: 2)
        window.hardState = HardState(term: Term(1))
        #expect(window.termRuns == [TermRun(term: Term(1), first: LogIndex(41))])
        _ = try RaftCore(id: Samples.member(1), settings: RaftSettings(), restored: window, seed: 1)
    }
}
