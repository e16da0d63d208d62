import Raft
import Storage
import Testing

@Suite("A log that fails or was damaged")
struct LogFaultTests {
    private let scratch = Scratch()
    private var path: String { scratch.file("log.db") }

    private func append(_ entries: [Entry]) -> StorageOperation {
        StorageOperation(id: 1, hardState: nil, truncateFrom: nil, entries: entries)
    }

    private func open(_ identity: StoreIdentity = Samples.identity) throws(StorageError) -> LogStore {
        try LogStore.open(path: path, identity: identity)
    }

    /// A closed log: everything is in the file proper.
    private func closedLog(_ count: UInt64 = 50) throws {
        let store = try LogStore.create(
            path: path, identity: Samples.identity, entries: Samples.entries(1...count),
            hardState: HardState(term: Term(1), vote: Samples.member(7)))
        try store.close()
    }

    /// Changes the one place where `bytes` stand in the file.
    private func edit(_ bytes: [UInt8], _ change: (inout [UInt8]) -> Void) throws {
        var file = scratch.read("log.db")
        let places = file.indices.filter { file[$0...].starts(with: bytes) }
        let place = try #require(places.first)
        #expect(places.count == 1)
        var changed = bytes
        change(&changed)
        file.replaceSubrange(place..<place + bytes.count, with: changed)
        scratch.write("log.db", file)
    }

    /// Damage to what was acknowledged: the member goes on from the entries before it, and knows what it owes.
    private func expectRecovering(from index: UInt64, of count: UInt64 = 50) throws {
        let store = try open()
        #expect(store.isRecovering)
        #expect(store.lastIndex == LogIndex(index - 1))
        let restored = try store.recover(applied: .zero, window: 10)
        #expect(restored.mark?.position == LogPosition(term: Term(1), index: LogIndex(count)))
        #expect(try store.all() == (index > 1 ? Samples.entries(1...index - 1) : []))
    }

    private func expectCorrupt(at index: UInt64?) throws {
        let error = try #require(throws: StorageError.self) { try open() }
        guard case .corrupt(_, let found, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(found == index.map { LogIndex($0) })
        if let index { #expect(error.description.contains("entry \(index)")) }
    }

    @Test("a flipped bit in an acknowledged payload makes the member recover, or without a mark is named with its entry", arguments: [1, 23, 50] as [UInt64])
    func payload(index: UInt64) throws {
        try closedLog()
        // The chain that follows the payload tells entry 5 from entry 50.
        var chain = LogChain.start
        for entry in Samples.entries(1...index) { chain = LogChain.link(entry, after: chain) }
        try edit(Samples.entry(index).payload + chain) { $0[0] ^= 1 }
        let damaged = scratch.read("log.db")
        try expectRecovering(from: index)
        scratch.remove("log.db.mark")
        scratch.write("log.db", damaged)
        for name in ["log.db-wal", "log.db-shm"] { scratch.remove(name) }
        try expectCorrupt(at: index)
    }

    @Test("a flipped bit in a stored hash is noticed at its entry", arguments: [1, 50] as [UInt64])
    func chain(index: UInt64) throws {
        try closedLog()
        var chain = LogChain.start
        for entry in Samples.entries(1...index) { chain = LogChain.link(entry, after: chain) }
        try edit(chain) { $0[31] ^= 0x80 }
        try expectRecovering(from: index)
    }

    @Test("a changed vote is noticed: it could let this member vote twice")
    func vote() throws {
        try closedLog()
        try edit(Array(Samples.member(7).description.utf8)) { $0[31] = UInt8(ascii: "8") }
        // The mark has it too; without that nobody knows.
        let damaged = scratch.read("log.db")
        #expect(try open().hardState == HardState(term: Term(1), vote: Samples.member(7)))
        scratch.remove("log.db.mark")
        scratch.write("log.db", damaged)
        for name in ["log.db-wal", "log.db-shm"] { scratch.remove(name) }
        try expectCorrupt(at: nil)
    }

    @Test("a flipped bit anywhere gives the same log or an error, never another log and never a trap", arguments: 0..<UInt64(8))
    func anyBit(seed: UInt64) throws {
        try closedLog()
        let original = scratch.read("log.db")
        var random = SeededRandom(seed: seed)
        for _ in 0..<40 {
            var damaged = original
            let bit = Int.random(in: 0..<original.count * 8, using: &random)
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            let copy = Scratch()
            copy.write("log.db", damaged)
            guard let store = try? LogStore.open(path: copy.file("log.db"), identity: Samples.identity) else { continue }
            #expect(try store.all() == Samples.entries(1...50), "bit \(bit)")
            #expect(store.hardState == HardState(term: Term(1), vote: Samples.member(7)), "bit \(bit)")
        }
    }

    @Test("a bit that rots in any page gives the same log, a recovering member with a true beginning of it, or an error", arguments: 0..<UInt64(2))
    func anyPage(seed: UInt64) throws {
        try closedLog(300)
        let original = scratch.read("log.db")
        let mark = scratch.read("log.db.mark")
        let entries = Samples.entries(1...300)
        let pageBytes = 4_096
        var random = SeededRandom(seed: seed)
        var recovered = 0
        for page in 0..<original.count / pageBytes {
            var damaged = original
            let bit = (page * pageBytes * 8) + Int.random(in: 0..<pageBytes * 8, using: &random)
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            let copy = Scratch()
            copy.write("log.db", damaged)
            copy.write("log.db.mark", mark)
            guard let store = try? LogStore.open(path: copy.file("log.db"), identity: Samples.identity) else { continue }
            let found = try store.all()
            #expect(entries.starts(with: found), "bit \(bit)")
            #expect(found.count == entries.count || store.isRecovering, "bit \(bit): acknowledged entries are gone without a word")
            #expect(store.hardState == HardState(term: Term(1), vote: Samples.member(7)), "bit \(bit)")
            if store.isRecovering { recovered += 1 }
        }
        #expect(recovered > 0)
    }

    @Test("a file cut short gives an error or the same log", arguments: [0, 1, 100, 4_095, 4_096, 8_192, 12_288])
    func cutShort(count: Int) throws {
        try closedLog(500)
        let bytes = scratch.read("log.db")
        scratch.write("log.db", Array(bytes.prefix(count)))
        #expect(throws: StorageError.self) { try open() }
    }

    @Test("a log of another cluster or member is refused and left as it is")
    func identity() throws {
        try closedLog()
        let before = scratch.read("log.db")
        let other = String(repeating: "d", count: 32)
        #expect(throws: StorageError.wrongCluster(file: path, expected: other, found: Samples.identity.clusterID)) {
            try open(StoreIdentity(clusterID: other, memberID: Samples.member(1)))
        }
        #expect(
            throws: StorageError.wrongMember(
                file: path, expected: Samples.member(2).description, found: Samples.member(1).description)
        ) {
            try open(StoreIdentity(clusterID: Samples.identity.clusterID, memberID: Samples.member(2)))
        }
        #expect(scratch.read("log.db") == before)
    }

    @Test("a later format is refused by its number")
    func laterFormat() throws {
        try closedLog()
        try edit(Array("format4".utf8)) { $0[6] = UInt8(ascii: "5") }
        #expect(throws: StorageError.unsupportedVersion(file: path, found: "5", supported: 4)) { try open() }
    }

    @Test("a missing log is an error, not a new log")
    func missing() {
        #expect(throws: StorageError.missing(file: path)) { try open() }
        #expect(scratch.names().isEmpty)
    }

    @Test("a log whose making was cut short is missing, and can be made")
    func unfinished() throws {
        scratch.write("log.db", [])
        #expect(throws: StorageError.missing(file: path)) { try open() }
        let store = try LogStore.create(path: path, identity: Samples.identity, entries: Samples.entries(1...1))
        #expect(store.lastIndex == LogIndex(1))
    }

    @Test("an existing log is never made anew")
    func existing() throws {
        try closedLog()
        #expect(throws: StorageError.alreadyExists(file: path)) {
            try LogStore.create(path: path, identity: Samples.identity)
        }
        #expect(try open().lastIndex == LogIndex(50))
    }

    @Test("what is no database is named as damaged")
    func noDatabase() throws {
        scratch.write("log.db", Array(repeating: UInt8(ascii: "x"), count: 8_192))
        try expectCorrupt(at: nil)
    }

    @Test("a log in use is not opened a second time")
    func inUse() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        #expect(throws: StorageError.inUse(file: path)) { try open() }
        try store.perform([append(Samples.entries(1...1))])
        try store.close()
        #expect(try open().lastIndex == LogIndex(1))
    }

    @Test("a closed log takes and gives nothing")
    func closed() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try store.close()
        #expect(throws: StorageError.closed(file: path)) { try store.perform([append(Samples.entries(1...1))]) }
        #expect(throws: StorageError.closed(file: path)) { _ = try store.recover(applied: .zero, window: 0) }
    }

    @Test("a write that finds no space changes nothing, and the same call succeeds once there is some")
    func noSpaceOnce() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try store.perform([append(Samples.entries(1...3))])
        let operations = [
            StorageOperation(
                id: 2, hardState: HardState(term: Term(2), vote: nil), truncateFrom: LogIndex(3),
                entries: Samples.entries(3...400, term: 2))
        ]
        let fault = try #require(DescriptorFault(DescriptorFault.full, under: path + "-wal"))
        #expect(throws: StorageError.diskFull(file: path)) { try store.perform(operations) }
        fault.heal()
        #expect(store.lastIndex == LogIndex(3) && store.hardState == HardState())
        #expect(try store.all() == Samples.entries(1...3))
        try store.perform(operations)
        #expect(try store.all() == Samples.entries(1...2) + Samples.entries(3...400, term: 2))
    }

    @Test("a full disk refuses again and again, reads go on, and writes too once there is space", .enabled(if: SmallDisk.isPossible))
    func diskFull() throws {
        let disk = try #require(SmallDisk(bytes: 512 << 10))
        let path = disk.path + "/log.db"
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try store.perform([append(Samples.entries(1...100))])
        disk.fill("filler", 300 << 10)
        let large = Samples.entries(101...2_000, String(repeating: "x", count: 60))
        for _ in 0..<5 {
            #expect(throws: StorageError.diskFull(file: path)) { try store.perform([append(large)]) }
            #expect(try store.all() == Samples.entries(1...100))
        }
        disk.remove("filler")
        try store.perform([append(large)])
        try store.close()
        let reopened = try LogStore.open(path: path, identity: Samples.identity)
        #expect(try reopened.all() == Samples.entries(1...100) + large)
        try reopened.close()
    }

    @Test("after a failed fsync nothing is acknowledged any more, though the disk works again")
    func latch() throws {
        let store = try LogStore.create(path: path, identity: Samples.identity)
        try store.perform([append(Samples.entries(1...3))])
        let fault = try #require(DescriptorFault(DescriptorFault.failingSync, under: path + "-wal"))
        let first = try #require(throws: StorageError.self) { try store.perform([append(Samples.entries(4...4))]) }
        guard case .ioError = first else {
            Issue.record("\(first)")
            return
        }
        fault.heal()
        #expect(throws: first) { try store.perform([append(Samples.entries(4...4))]) }
        #expect(throws: first) { try store.perform([]) }
        #expect(throws: first) { _ = try store.recover(applied: .zero, window: 0) }
        // Only a new process would look at the disk afresh; what was acknowledged is there.
        try? store.close()
        #expect(try open().all().prefix(3) == Samples.entries(1...3)[...])
    }
}
