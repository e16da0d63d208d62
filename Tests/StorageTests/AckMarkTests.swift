import Raft
import Storage
import Testing

@Suite("What was acknowledged is known apart from the log")
struct AckMarkTests {
    private let scratch = Scratch()
    private var path: String { scratch.file("log.db") }

    private func open(_ applied: AppliedPoint? = nil) throws -> LogStore {
        try LogStore.open(path: path, identity: Samples.identity, applied: applied)
    }

    private func append(_ range: ClosedRange<UInt64>, term: UInt64 = 1, to store: LogStore, after first: UInt64? = nil) throws {
        try store.perform([
            StorageOperation(
                id: 1, hardState: HardState(term: Term(term)), truncateFrom: first.map { LogIndex($0) },
                entries: Samples.entries(range, term: term))
        ])
    }

    /// Ten entries, of which the last six are then taken away behind the store's back, as a disk might.
    private func lossyLog() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try append(1...4, to: store)
        let earlier = Scratch()
        try store.close()
        scratch.copy(["log.db", "log.db-wal"], to: earlier)
        let again = try open()
        try append(5...10, to: again)
        try again.close()
        for name in ["log.db-wal", "log.db-shm"] { scratch.remove(name) }
        earlier.copy(["log.db", "log.db-wal"], to: scratch)
    }

    @Test("a log that ends before what was acknowledged recovers, also after further starts, until it is back")
    func recovers() throws {
        try lossyLog()
        for _ in 0..<2 {
            let store = try open()
            #expect(store.isRecovering && store.lastIndex == LogIndex(4))
            #expect(try store.recover(applied: LogIndex(4), window: 1).mark == AckMark(position: Samples.entry(10).position, term: Term(1)))
            try store.close()
        }
        let store = try open()
        try append(5...9, to: store)
        #expect(store.isRecovering)
        try append(10...10, to: store)
        #expect(!store.isRecovering)
        try append(11...11, to: store)
        #expect(store.mark?.position == Samples.entry(11).position)
    }

    @Test("an entry of a term after the acknowledgement ends recovery: its leader did not need this member's word")
    func laterTerm() throws {
        try lossyLog()
        let store = try open()
        try append(5...6, term: 2, to: store)
        #expect(!store.isRecovering)
        #expect(store.mark == AckMark(position: Samples.entry(6, term: 2).position, term: Term(2)))
    }

    @Test("the mark follows a tail that a newer leader replaced, back as well")
    func followsTruncation() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try append(1...9, to: store)
        try append(4...5, term: 2, to: store, after: 4)
        try store.close()
        let again = try open()
        #expect(!again.isRecovering && again.lastIndex == LogIndex(5))
    }

    @Test("a vote does not move the mark: nothing was acknowledged in its term")
    func voteLeavesTheMark() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try append(1...3, to: store)
        try store.perform([StorageOperation(id: 2, hardState: HardState(term: Term(9), vote: Samples.member(1)))])
        #expect(store.mark == AckMark(position: Samples.entry(3).position, term: Term(1)))
    }

    @Test("the newer term and vote win, whichever file has them")
    func hardState() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try append(1...2, to: store)
        try store.close()
        let earlier = Scratch()
        scratch.copy(["log.db"], to: earlier)
        let voted = HardState(term: Term(7), vote: Samples.member(3))
        let again = try open()
        try again.perform([StorageOperation(id: 1, hardState: voted)])
        try again.close()
        for name in ["log.db-wal", "log.db-shm"] { scratch.remove(name) }
        earlier.copy(["log.db"], to: scratch)
        #expect(try open().hardState == voted)
    }

    @Test("one torn slot is no loss; both are, and are refused")
    func tornSlots() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        for index in UInt64(1)...3 { try append(index...index, to: store) }
        try store.close()
        let mark = scratch.read("log.db.mark")
        for slot in 0..<2 {
            var torn = mark
            torn[slot * 4096 + 20] ^= 0xff
            scratch.write("log.db.mark", torn)
            let opened = try open()
            #expect(!opened.isRecovering && opened.lastIndex == LogIndex(3))
            try opened.close()
        }
        var destroyed = mark
        for slot in 0..<2 { destroyed[slot * 4096 + 20] ^= 0xff }
        scratch.write("log.db.mark", destroyed)
        #expect(throws: StorageError.self) { try open() }
    }

    @Test("damage that the applied state covers is healed from it: the log begins there")
    func healedByState() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try append(1...9, to: store)
        let chain = try #require(try store.chain(at: LogIndex(6)))
        try store.close()
        var file = scratch.read("log.db")
        let payload = Samples.entry(3).payload
        let place = try #require(file.indices.first { file[$0...].starts(with: payload) })
        file[place] ^= 1
        scratch.write("log.db", file)
        for name in ["log.db-wal", "log.db-shm"] { scratch.remove(name) }
        let applied = AppliedPoint(
            position: Samples.entry(6).position, chain: chain, configuration: Configuration(voters: [Samples.member(1)]),
            effects: EffectsDigest.start)
        let healed = try open(applied)
        #expect(!healed.isRecovering && healed.basePosition == applied.position && healed.lastIndex == LogIndex(9))
        let restored = try healed.recover(applied: LogIndex(6), window: 100)
        #expect(restored.base == applied.position && restored.entries == Samples.entries(7...9))
        #expect(restored.baseConfiguration == applied.configuration)
    }
}
