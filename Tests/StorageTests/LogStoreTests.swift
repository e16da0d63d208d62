import Raft
import Storage
import Testing

@Suite("The log on disk")
struct LogStoreTests {
    private let scratch = Scratch()
    private var path: String { scratch.file("log.db") }

    private func open() throws -> LogStore { try LogStore.open(path: path, identity: Samples.identity) }

    private func append(_ entries: [Entry], id: UInt64 = 1) -> StorageOperation {
        StorageOperation(id: id, hardState: nil, truncateFrom: nil, entries: entries)
    }

    @Test("a founder's log holds its first entries and term from the start")
    func founding() throws {
        let first = Samples.configuration(1, voters: [1])
        let hardState = HardState(term: Term(1), vote: Samples.member(1))
        let store = try LogStore.create(path: path, identity: Samples.identity, entries: [first], hardState: hardState)
        try store.close()
        let restored = try open().recover(applied: .zero, window: 10)
        #expect(restored.entries == [first])
        #expect(restored.hardState == hardState)
        #expect(restored.termRuns == [TermRun(term: Term(1), first: LogIndex(1))])
        #expect(restored.configurations.map(\.configuration) == [Configuration(voters: [Samples.member(1)])])
    }

    @Test("a joiner's log is empty")
    func joining() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        #expect(store.lastPosition == .zero && store.lastChain == LogChain.start)
        #expect(try store.recover(applied: .zero, window: 10) == RestoredState())
    }

    @Test("what was performed is there after a kill: nothing is waiting in this process")
    func survivesKill() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        let hardState = HardState(term: Term(3), vote: Samples.member(2))
        try store.perform([
            append(Samples.entries(1...5, term: 2)),
            StorageOperation(id: 2, hardState: hardState, truncateFrom: LogIndex(4), entries: Samples.entries(4...4, term: 3, "new")),
        ])
        let copy = Scratch()
        scratch.copy(["log.db", "log.db-wal"], to: copy)
        let survivor = try LogStore.open(path: copy.file("log.db"), identity: Samples.identity)
        #expect(survivor.hardState == hardState)
        #expect(try survivor.all() == Samples.entries(1...3, term: 2) + Samples.entries(4...4, term: 3, "new"))
        #expect(survivor.lastChain == store.lastChain)
    }

    @Test("a kill at any point of the write leaves all of a call or nothing of it")
    func atomic() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try store.perform([append(Samples.entries(1...40, "old"))])
        let before = try store.all()
        let walBefore = scratch.read("log.db-wal").count
        try store.perform([
            StorageOperation(
                id: 2, hardState: HardState(term: Term(2), vote: nil), truncateFrom: LogIndex(11),
                entries: Samples.entries(11...200, term: 2, "replacement"))
        ])
        let after = try store.all()
        let wal = scratch.read("log.db-wal")
        #expect(wal.count > walBefore)
        let cuts = stride(from: walBefore, through: wal.count, by: 509) + [wal.count - 1, wal.count]
        var seen: Set<Bool> = []
        for cut in cuts {
            let copy = Scratch()
            copy.write("log.db", scratch.read("log.db"))
            copy.write("log.db-wal", Array(wal[..<cut]))
            let survivor = try LogStore.open(path: copy.file("log.db"), identity: Samples.identity)
            let isAfter = survivor.hardState.term == Term(2)
            #expect(try survivor.all() == (isAfter ? after : before), "cut at \(cut)")
            seen.insert(isAfter)
        }
        #expect(seen == [true, false])
    }

    @Test("random operations, closings and kills: the log is what a list would be", arguments: 0..<UInt64(12))
    func model(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var expected: [Entry] = []
        var hardState = HardState()
        var term: UInt64 = 1
        var place = scratch
        var store = try LogStore.create(path: path, identity: Samples.identity)
        for step in 0..<60 {
            var operations: [StorageOperation] = []
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                var truncateFrom: LogIndex?
                if !expected.isEmpty, Int.random(in: 0..<3, using: &random) == 0 {
                    let kept = Int.random(in: 0...expected.count, using: &random)
                    expected.removeSubrange(kept...)
                    truncateFrom = LogIndex(UInt64(kept) + 1)
                    term += 1
                }
                let first = UInt64(expected.count) + 1
                let entries = (0..<UInt64.random(in: 0...5, using: &random)).map { Samples.entry(first + $0, term: term, "s\(step)") }
                expected += entries
                var stored: HardState?
                if Bool.random(using: &random) {
                    hardState = HardState(term: Term(term), vote: Bool.random(using: &random) ? Samples.member(term) : nil)
                    stored = hardState
                }
                operations.append(StorageOperation(id: 1, hardState: stored, truncateFrom: truncateFrom, entries: entries))
            }
            try store.perform(operations)
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                try store.close()
                store = try LogStore.open(path: place.file("log.db"), identity: Samples.identity)
            case 1:
                let copy = Scratch()
                place.copy(["log.db", "log.db-wal"], to: copy)
                try store.close()
                place = copy
                store = try LogStore.open(path: place.file("log.db"), identity: Samples.identity)
            default: break
            }
            #expect(try store.all() == expected, "seed \(seed) step \(step)")
            #expect(store.hardState == hardState, "seed \(seed) step \(step)")
            #expect(store.lastChain == expected.reduce(LogChain.start) { LogChain.link($1, after: $0) })
        }
    }

    @Test("recovery holds all above the applied index, a window below it, and knows of the rest")
    func recovery() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        let entries =
            [Samples.configuration(1, voters: [1])] + Samples.entries(2...10) + [Samples.configuration(11, term: 2, voters: [1, 2])]
            + Samples.entries(12...20, term: 4)
        try store.perform([append(entries)])
        try store.close()
        let reopened = try open()
        // Asked before and after a change, since only the first time the walk of opening can be used.
        for changed in [false, true] {
            if changed { try reopened.perform([append([Samples.entry(21, term: 4)])]) }
            let last: UInt64 = changed ? 21 : 20
            let restored = try reopened.recover(applied: LogIndex(15), window: 3)
            #expect(restored.entries.map(\.index.rawValue) == Array(13...last))
            #expect(restored.termRuns == [(1, 1), (2, 11), (4, 12)].map { TermRun(term: Term($0.0), first: LogIndex($0.1)) })
            #expect(restored.configurations.map(\.index) == [LogIndex(1), LogIndex(11)])
            #expect(restored.applied == LogIndex(15))
        }
        #expect(try reopened.recover(applied: .zero, window: 0).entries.count == 21)
        // The core needs the last entry, also when all is applied.
        #expect(try reopened.recover(applied: LogIndex(21), window: 0).entries.map(\.index) == [LogIndex(21)])
        #expect(try reopened.recover(applied: LogIndex(2), window: 100).entries.count == 21)
    }

    @Test("what is held below the applied index is bounded in bytes too, and never empty")
    func recoveryBytes() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        let entries = (1...10).map { index in
            Entry(index: LogIndex(UInt64(index)), term: Term(1), kind: .command, payload: Array(repeating: 7, count: 100))
        }
        try store.perform([append(entries)])
        func held(_ bytes: Int, applied: UInt64 = 8) throws -> [UInt64] {
            try store.recover(applied: LogIndex(applied), window: 100, windowBytes: bytes).entries.map(\.index.rawValue)
        }
        #expect(try held(300) == Array(6...10))
        #expect(try held(299) == Array(7...10))
        #expect(try held(0, applied: 10) == [10])
    }

    @Test("opening makes durable what an earlier process only wrote, before anybody relies on it")
    func settlesWhatWasLeft() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try store.perform([append(Samples.entries(1...5))])
        let copy = Scratch()
        // A process that died: its last commits are in the WAL, synced or not.
        scratch.copy(["log.db", "log.db-wal"], to: copy)
        #expect(!copy.read("log.db-wal").isEmpty)
        let reopened = try LogStore.open(path: copy.file("log.db"), identity: Samples.identity)
        #expect(reopened.lastIndex == LogIndex(5))
        #expect(copy.read("log.db-wal").isEmpty, "the entries must be in the file proper, which was synced")
        try reopened.close()
        try store.close()
    }

    @Test("the core accepts what recovery gives")
    func coreAccepts() throws {
        let store = try LogStore.create(
            path: path, identity: Samples.identity,
            entries: [Samples.configuration(1, voters: [1])] + Samples.entries(2...30), hardState: HardState(term: Term(1), vote: nil))
        let core = try RaftCore(
            id: Samples.member(1), settings: RaftSettings(), restored: store.recover(applied: LogIndex(20), window: 4), seed: 1)
        #expect(core.lastIndex == LogIndex(30) && core.configuration.voters == [Samples.member(1)])
    }

    @Test("reading is bounded by bytes, gives at least one entry, and nothing beyond the end")
    func reading() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        let entries = Samples.entries(1...20)
        try store.perform([append(entries)])
        let two = entries[4].payload.count + entries[5].payload.count
        func read(_ first: UInt64, _ last: UInt64, _ bytes: Int) throws -> [UInt64] {
            try store.entries(from: LogIndex(first), through: LogIndex(last), bytesMax: bytes).map(\.index.rawValue)
        }
        #expect(try read(5, 20, two) == [5, 6])
        #expect(try read(5, 20, two - 1) == [5])
        #expect(try read(5, 20, 0) == [5])
        #expect(try read(19, 99, .max) == [19, 20])
        #expect(try read(21, 99, .max).isEmpty)
        #expect(try read(0, 5, .max).isEmpty)
        #expect(try read(7, 6, .max).isEmpty)
    }

    @Test("the chain is known at every index and beyond none")
    func chains() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try store.perform([append(Samples.entries(1...6))])
        var chain = LogChain.start
        #expect(try store.chain(at: .zero) == chain)
        for entry in Samples.entries(1...6) {
            chain = LogChain.link(entry, after: chain)
            #expect(try store.chain(at: entry.index) == chain)
        }
        #expect(try store.chain(at: LogIndex(7)) == nil)
        #expect(try store.chain(at: .max) == nil)
    }

    @Test("a chain depends on every part of an entry and on what came before")
    func chainCovers() {
        let entry = Samples.entry(3, term: 2)
        let base = LogChain.link(entry, after: LogChain.start)
        let others = [
            Entry(index: LogIndex(4), term: entry.term, kind: entry.kind, payload: entry.payload),
            Entry(index: entry.index, term: Term(3), kind: entry.kind, payload: entry.payload),
            Entry(index: entry.index, term: entry.term, kind: .noop, payload: entry.payload),
            Entry(index: entry.index, term: entry.term, kind: entry.kind, payload: entry.payload + [0]),
        ]
        for other in others { #expect(LogChain.link(other, after: LogChain.start) != base) }
        #expect(LogChain.link(entry, after: base) != base)
    }

    @Test("operations that do not fit are refused whole, and nothing more is taken")
    func outOfOrder() throws {
        let gap = StorageError.outOfOrder(expected: LogIndex(6), found: LogIndex(7))
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try store.perform([append(Samples.entries(1...3))])
        #expect(throws: gap) { try store.perform([append(Samples.entries(4...5)), append(Samples.entries(7...7))]) }
        #expect(throws: gap) { try store.perform([append(Samples.entries(4...4))]) }
        try store.close()
        #expect(try open().all() == Samples.entries(1...3))
    }

    @Test("ten thousand entries are one call")
    func largeBatch() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try store.perform([append(Samples.entries(1...10_000))])
        #expect(store.lastIndex == LogIndex(10_000))
        #expect(try store.all().count == 10_000)
    }

    @Test("a checkpoint moves what is due out of the WAL, and not before it is due")
    func checkpoint() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        func countWithoutWAL() throws -> UInt64 {
            let copy = Scratch()
            scratch.copy(["log.db"], to: copy)
            return try LogStore.open(path: copy.file("log.db"), identity: Samples.identity).lastIndex.rawValue
        }
        let payload = [UInt8](repeating: 1, count: 1 << 20)
        for number in UInt64(1)...5 {
            try store.perform([append([Entry(index: LogIndex(number), term: Term(1), kind: .command, payload: payload)])])
            try store.checkpointIfDue()
            #expect(try countWithoutWAL() == (number < 4 ? 0 : 4))
        }
    }

    @Test("the files are their owner's alone")
    func modes() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try store.perform([append(Samples.entries(1...1))])
        for name in scratch.names() { #expect(scratch.mode(name) == 0o600, "\(name)") }
    }
}
