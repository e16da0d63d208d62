import Raft
import Storage
import Testing
import TrustStore

@Suite("The audit archive")
struct AuditArchiveTests {
    private let scratch = Scratch()

    /// A log of `count` entries that is cut at `base`, and its archive, in which nothing is yet.
    private func stores(_ count: UInt64 = 60, base: UInt64 = 40, in scratch: Scratch? = nil) throws -> (log: LogStore, archive: AuditArchive) {
        let scratch = scratch ?? self.scratch
        let log = try LogStore.create(path: scratch.file("log.db"), identity: Samples.identity, entries: Samples.entries(1...count))
        try log.cut(at: base)
        return (log, AuditArchive(path: scratch.file("audit.db"), identity: Samples.identity))
    }

    private func reopen(in scratch: Scratch) throws -> (log: LogStore, archive: AuditArchive) {
        (
            try LogStore.open(path: scratch.file("log.db"), identity: Samples.identity),
            AuditArchive(path: scratch.file("audit.db"), identity: Samples.identity)
        )
    }

    private func check(_ scratch: Scratch? = nil) throws -> AuditFileReport {
        let scratch = scratch ?? self.scratch
        return try AuditFileCheck.check(["audit.db", "log.db"].filter(scratch.exists).map(scratch.file))
    }

    private func chain(_ entries: [Entry]) -> [UInt8] { entries.reduce(LogChain.start) { LogChain.link($1, after: $0) } }

    @Test("entries are in the archive before they leave the log, and the chain goes on over the border")
    func cut() throws {
        let (log, archive) = try stores()
        #expect(try !log.purge(archived: archive.archivedThrough))
        #expect(try log.auditRun(after: .zero, through: .max, archiveEnd: nil, countMax: 100, bytesMax: .max)?.records.count == 60)
        try archive.takeAll(of: log)
        #expect(archive.archivedThrough == LogIndex(40))
        _ = try log.purge(archived: archive.archivedThrough)

        let old = try #require(try AuditArchive.read(path: archive.path, after: .zero, through: .max, countMax: 100, bytesMax: .max))
        #expect(old.records.map(\.entry) == Samples.entries(1...40) && old.base == .zero)
        #expect(try log.auditRun(after: LogIndex(30), through: .max, archiveEnd: nil, countMax: 100, bytesMax: .max)?.base.index == LogIndex(40))
        let new = try #require(
            try log.auditRun(after: LogIndex(40), through: .max, archiveEnd: archive.end, countMax: 100, bytesMax: .max))
        #expect(new.records.map(\.entry) == Samples.entries(41...60) && new.baseChain == old.records.last?.chain)
        #expect(new.records.last?.chain == chain(Samples.entries(1...60)))
        try log.close()
        try archive.close()
        let report = try check()
        #expect(report.stretches.map(\.after) == [0] && report.stretches.map(\.end) == [60] && report.entryCount == 60)
        #expect(report.chain == chain(Samples.entries(1...60)))
    }

    @Test("one turn copies no more than its bound")
    func bounded() throws {
        let count = UInt64(AuditArchive.copiedMax)
        let (log, archive) = try stores(count + 2, base: count + 1)
        #expect(try archive.takeOver(from: log, through: LogIndex(count + 1)) { _ in [:] })
        #expect(archive.archivedThrough == LogIndex(count))
        #expect(try !archive.takeOver(from: log, through: LogIndex(count + 1)) { _ in [:] })
        #expect(archive.archivedThrough == LogIndex(count + 1))
    }

    enum Step: CaseIterable { case nothing, copied, deleted }

    @Test("a kill after any step leaves every entry in the log or in the archive, and the next run goes on", arguments: Step.allCases)
    func kill(after step: Step) throws {
        let (log, archive) = try stores()
        if step != .nothing { try archive.takeAll(of: log) }
        if step == .deleted { _ = try log.purge(archived: archive.archivedThrough) }
        let copy = Scratch()
        scratch.copy(["log.db", "log.db-wal", "log.db.mark", "audit.db", "audit.db-wal"], to: copy)
        let again = try reopen(in: copy)
        try again.log.perform([StorageOperation(id: 9, entries: Samples.entries(61...70))])
        try again.log.cut(at: 65)
        try again.archive.takeAll(of: again.log)
        _ = try again.log.purge(archived: again.archive.archivedThrough)
        try again.log.close()
        try again.archive.close()
        let report = try check(copy)
        #expect(report.stretches.map(\.after) == [0] && report.stretches.map(\.end) == [70] && report.entryCount == 70)
    }

    @Test("a kill at any byte of the copying loses nothing")
    func killWhileCopying() throws {
        let (log, archive) = try stores()
        try archive.open()
        try archive.takeAll(of: log)
        let wal = scratch.read("audit.db-wal")
        for cut in Array(stride(from: 0, through: wal.count, by: 1_031)) + [wal.count - 1] {
            let copy = Scratch()
            scratch.copy(["log.db", "log.db-wal", "log.db.mark", "audit.db"], to: copy)
            copy.write("audit.db-wal", Array(wal[..<cut]))
            let again = try reopen(in: copy)
            try again.archive.takeAll(of: again.log)
            _ = try again.log.purge(archived: again.archive.archivedThrough)
            try again.log.close()
            try again.archive.close()
            #expect(try check(copy).entryCount == 60, "cut at \(cut)")
        }
    }

    @Test("an archive that finds no space keeps the log from being cut, and only that, until there is some")
    func noSpace() throws {
        let (log, archive) = try stores()
        try archive.open()
        let fault = try #require(DescriptorFault(DescriptorFault.full, under: archive.path + "-wal"))
        #expect(throws: StorageError.diskFull(file: archive.path)) { try archive.takeAll(of: log) }
        #expect(try !log.purge(archived: archive.archivedThrough))
        try log.perform([StorageOperation(id: 2, entries: Samples.entries(61...62))])
        #expect(try log.auditRun(after: .zero, through: .max, archiveEnd: nil, countMax: 100, bytesMax: .max)?.records.count == 62)
        fault.heal()
        try archive.takeAll(of: log)
        _ = try log.purge(archived: archive.archivedThrough)
        try log.close()
        try archive.close()
        #expect(try check().entryCount == 62)
    }

    @Test("what may not have reached the disk is never deleted from the log")
    func failedSync() throws {
        let (log, archive) = try stores()
        try archive.open()
        let fault = try #require(DescriptorFault(DescriptorFault.failingSync, under: archive.path + "-wal"))
        #expect(throws: StorageError.self) { try archive.takeAll(of: log) }
        fault.heal()
        #expect(throws: StorageError.self) { try archive.takeAll(of: log) }
        _ = try log.purge(archived: archive.archivedThrough)
        try log.perform([StorageOperation(id: 2, entries: Samples.entries(61...62))])
        #expect(try log.auditRun(after: .zero, through: .max, archiveEnd: nil, countMax: 100, bytesMax: .max)?.records.count == 62)
    }

    @Test("a snapshot begins a new stretch, what came before it stays, and both are whole")
    func snapshot() throws {
        let (log, archive) = try stores()
        try archive.takeAll(of: log, through: 60)
        let point = AppliedPoint.at(100, term: 3)
        try log.install(point)
        archive.logWasReplaced()
        try archive.align(with: log)
        try log.perform([StorageOperation(id: 3, entries: Samples.entries(101...120, term: 3))])
        try log.cut(at: 110)
        try archive.takeAll(of: log)
        _ = try log.purge(archived: archive.archivedThrough)
        #expect(try archive.newestStart() == LogIndex(100))
        let behindGap = try AuditArchive.read(path: archive.path, after: LogIndex(60), through: .max, countMax: 100, bytesMax: .max)
        #expect(behindGap?.base == point.position && behindGap?.baseChain == point.chain && behindGap?.records.count == 10)
        try log.close()
        try archive.close()
        let report = try check()
        #expect(report.stretches.map(\.after) == [0, 100] && report.stretches.map(\.end) == [60, 120] && report.entryCount == 80)
    }

    @Test("a member that begins with a snapshot begins its record there")
    func joiner() throws {
        let log = try LogStore.create(path: scratch.file("log.db"), identity: Samples.identity)
        let archive = AuditArchive(path: scratch.file("audit.db"), identity: Samples.identity)
        try archive.takeAll(of: log)
        let point = AppliedPoint.at(100, term: 3)
        try log.install(point)
        archive.logWasReplaced()
        try archive.align(with: log)
        #expect(try archive.newestStart() == LogIndex(100))
        try log.perform([StorageOperation(id: 3, entries: Samples.entries(101...120, term: 3))])
        try log.close()
        try archive.close()
        let report = try check()
        #expect(report.stretches.map(\.after) == [100] && report.stretches.map(\.end) == [120])
    }

    @Test("a snapshot from before the archive's end, of the same history, begins no new stretch")
    func olderSnapshot() throws {
        let (log, archive) = try stores()
        try archive.takeAll(of: log, through: 60)
        var point = AppliedPoint.at(50, term: 1)
        point.chain = chain(Samples.entries(1...50))
        try log.install(point)
        archive.logWasReplaced()
        try archive.align(with: log)
        #expect(archive.archivedThrough == LogIndex(50))
        try log.perform([StorageOperation(id: 3, entries: Samples.entries(51...70))])
        try log.cut(at: 65)
        try archive.takeAll(of: log)
        try log.close()
        try archive.close()
        #expect(try check().stretches.map(\.end) == [70])
    }

    @Test("entries of another history are set aside, not lost and not shown")
    func otherHistory() throws {
        let (log, archive) = try stores()
        try archive.takeAll(of: log, through: 60)
        var point = AppliedPoint.at(50, term: 1)
        point.chain = chain(Samples.entries(1...50))
        try log.install(point)
        archive.logWasReplaced()
        try archive.align(with: log)
        // What the cluster had at 51 to 60 is not what this member had.
        try log.perform([StorageOperation(id: 3, entries: Samples.entries(51...70, term: 2, "other"))])
        try log.cut(at: 65)
        try archive.takeAll(of: log)
        _ = try log.purge(archived: archive.archivedThrough)
        try log.close()
        try archive.close()
        let report = try check()
        #expect(report.stretches.map(\.after) == [0] && report.stretches.map(\.end) == [70])
        #expect(report.setAsideCount == 10 && report.chain == LogChain.link(Samples.entries(51...70, term: 2, "other"), after: point.chain))
    }

    @Test("an entry that rotted below the base is set aside with what follows, and the record goes on from the base")
    func rottenBelowBase() throws {
        let (log, archive) = try stores()
        try log.close()
        var file = scratch.read("log.db")
        let places = file.indices.filter { file[$0...].starts(with: Array("payload-20".utf8)) }
        file[try #require(places.first)] ^= 1
        scratch.write("log.db", file)
        let again = try reopen(in: scratch)
        _ = archive
        try again.archive.takeAll(of: again.log)
        _ = try again.log.purge(archived: again.archive.archivedThrough)
        try again.log.close()
        try again.archive.close()
        let report = try check()
        #expect(report.stretches.map(\.end) == [19, 60] && report.stretches.map(\.after) == [0, 40] && report.setAsideCount == 21)
    }

    @Test("a log that is deleted in pieces knows what its oldest entry follows, so that a changed byte of it is found")
    func deletedInPieces() throws {
        let (log, archive) = try stores()
        _ = try archive.takeOver(from: log, through: LogIndex(25)) { _ in [:] }
        _ = try log.purge(archived: archive.archivedThrough)
        #expect(try log.recordStartIndex() == LogIndex(25))
        try log.close()
        try archive.close()
        scratch.remove("audit.db")
        #expect(try check().stretches.map(\.after) == [25])
        try edit(Samples.entry(26).payload, in: "log.db") { $0[$0.startIndex] ^= 1 }
        expectFault(at: 26)
    }

    @Test("a log whose archive is lost is read from where it begins")
    func lostArchive() throws {
        let (log, archive) = try stores()
        try archive.takeAll(of: log)
        _ = try log.purge(archived: archive.archivedThrough)
        let run = try log.auditRun(after: .zero, through: .max, archiveEnd: nil, countMax: 100, bytesMax: .max)
        #expect(run?.base.index == LogIndex(40) && run?.records.count == 20)
        try archive.close()
        scratch.remove("audit.db")
        let anew = AuditArchive(path: archive.path, identity: Samples.identity)
        try anew.align(with: log)
        #expect(try anew.newestStart() == LogIndex(40) && anew.archivedThrough == LogIndex(40))
    }

    // MARK: - Retention

    @Test("the newest so many entries stay, and one more than that is one less", arguments: [40, 39, 1] as [UInt64])
    func keptEntries(kept: UInt64) throws {
        let (log, archive) = try stores()
        try archive.takeAll(of: log)
        #expect(try !archive.forget(.entries(kept), now: 0))
        _ = try log.purge(archived: archive.archivedThrough)
        let run = try AuditArchive.read(path: archive.path, after: .zero, through: .max, countMax: 100, bytesMax: .max)
        #expect(run?.records.map(\.entry) == Samples.entries((41 - kept)...40) && run?.base.index == LogIndex(40 - kept))
        try log.close()
        try archive.close()
        #expect(try check().stretches.map(\.after) == [40 - kept])
    }

    @Test("entries older than so many seconds go, with those before them that have no time")
    func keptSeconds() throws {
        let (log, archive) = try stores(1, base: 0)
        let noop = Entry(index: LogIndex(2), term: Term(1), kind: .noop, payload: [])
        let entries = [noop] + (3...10).map { Samples.command($0, stampedAtSeconds: Int64($0) * 100) }
        try log.perform([StorageOperation(id: 2, entries: entries)])
        try log.cut(at: 10)
        try archive.takeAll(of: log)
        for (now, after) in [(Int64(1_300), UInt64(0)), (1_301, 3), (1_501, 5)] {
            #expect(try !archive.forget(.seconds(1_000), now: now))
            let run = try AuditArchive.read(path: archive.path, after: .zero, through: .max, countMax: 100, bytesMax: .max)
            #expect(run?.base.index == LogIndex(after), "at \(now)")
        }
    }

    @Test("one turn forgets no more than its bound")
    func forgetsInPieces() throws {
        let count = UInt64(AuditArchive.forgottenMax)
        let (log, archive) = try stores(count + 3, base: count + 2)
        try archive.takeAll(of: log)
        #expect(try archive.forget(.entries(1), now: 0))
        #expect(try !archive.forget(.entries(1), now: 0))
        let run = try AuditArchive.read(path: archive.path, after: .zero, through: .max, countMax: 100, bytesMax: .max)
        #expect(run?.records.map(\.entry.index) == [LogIndex(count + 2)])
    }

    // MARK: - With the applied state

    @Test("a state must stand on entries that are there, and on these; alone it says where it stands", arguments: [50, 60, 61] as [UInt64])
    func state(at index: UInt64) throws {
        let (log, archive) = try stores()
        try archive.takeAll(of: log)
        try log.close()
        try archive.close()
        let paths = ["audit.db", "log.db", "state.db"].map(scratch.file)
        for isTrue in [true, false] {
            scratch.remove("state.db")
            var point = AppliedPoint.at(index, term: 1)
            if isTrue { point.chain = chain(Samples.entries(1...index)) }
            let state = try StateStore.create(path: paths[2], clusterID: Samples.identity.clusterID)
            try state.apply([], through: point)
            try state.close()
            #expect(try AuditFileCheck.check([paths[2]]).state?.chain == point.chain)
            if isTrue, index <= 60 {
                #expect(try AuditFileCheck.check(paths).state?.index == index)
            } else {
                let error = #expect(throws: AuditFileError.self) { try AuditFileCheck.check(paths) }
                guard case .fault(_, let fault) = error else { return _ = Issue.record("\(String(describing: error))") }
                #expect(fault.index == index)
            }
        }
    }

    // MARK: - What it remembers of each

    @Test("what became of a command goes with it, and a changed outcome is noticed at its entry")
    func outcomes() throws {
        let (log, archive) = try stores()
        let refusal = CommandOutcome.refused(CommandRefusal(.revocationUnknown, "no such revocation"))
        while try archive.takeOver(from: log, through: LogIndex(40), outcomes: { _ in [LogIndex(7): refusal] }) {}
        let run = try AuditArchive.read(path: archive.path, after: LogIndex(5), through: .max, countMax: 3, bytesMax: .max)
        #expect(run?.records.map(\.outcome) == [nil, refusal, nil])
        try log.close()
        try archive.close()
        try edit(Array("revocation_unknown".utf8)) { $0[$0.startIndex] ^= 1 }
        expectFault(at: 7)
    }

    // MARK: - Changed by somebody

    private func edit(_ bytes: [UInt8], in name: String = "audit.db", _ change: (inout ArraySlice<UInt8>) -> Void) throws {
        var file = scratch.read(name)
        let place = try #require(file.indices.first { file[$0...].starts(with: bytes) })
        change(&file[place..<place + bytes.count])
        scratch.write(name, file)
    }

    private func expectFault(at index: UInt64, sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: AuditFileError.self, sourceLocation: sourceLocation) { try check() }
        guard case .fault(_, let fault) = error else {
            Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
            return
        }
        #expect(fault.index == index, "\(fault)", sourceLocation: sourceLocation)
    }

    @Test("one changed byte of a payload or a hash is found in either file, and its entry named", arguments: [(10, "audit.db"), (40, "audit.db"), (41, "log.db"), (60, "log.db")] as [(UInt64, String)], [true, false])
    func changedByte(place: (index: UInt64, file: String), isPayload: Bool) throws {
        let (log, archive) = try stores()
        try archive.takeAll(of: log)
        _ = try log.purge(archived: archive.archivedThrough)
        try log.close()
        try archive.close()
        let chain = chain(Samples.entries(1...place.index))
        try edit(isPayload ? Samples.entry(place.index).payload + chain : chain, in: place.file) { $0[$0.startIndex] ^= 1 }
        expectFault(at: place.index)
    }

    @Test("the archive of another member or cluster is refused")
    func foreign() throws {
        let (log, archive) = try stores()
        try archive.takeAll(of: log)
        try archive.close()
        let other = StoreIdentity(clusterID: Samples.identity.clusterID, memberID: Samples.member(2))
        #expect(throws: StorageError.self) { try AuditArchive(path: archive.path, identity: other).open() }
    }

    @Test("files that hold no record are said to be none")
    func unknownFile() throws {
        scratch.write("log.db", Array("nothing".utf8))
        #expect(throws: AuditFileError.self) { try check() }
    }
}

extension LogChain {
    fileprivate static func link(_ entries: [Entry], after chain: [UInt8]) -> [UInt8] { entries.reduce(chain) { link($1, after: $0) } }
}

extension LogStore {
    fileprivate func cut(at index: UInt64) throws {
        guard index > 0 else { return }
        let term = try entries(from: LogIndex(index), through: LogIndex(index), bytesMax: .max)[0].term
        let base = LogBase(
            position: LogPosition(term: term, index: LogIndex(index)), configuration: Configuration(voters: [Samples.member(1)]))
        try perform([StorageOperation(id: 1, base: base)])
    }

    fileprivate func install(_ point: AppliedPoint) throws {
        let id = SnapshotID(position: point.position, hash: [UInt8](repeating: 0, count: 32))
        let descriptor = SnapshotDescriptor(id: id, configuration: point.configuration, byteCount: 1)
        try perform([StorageOperation(id: 2, install: descriptor)], installing: point)
    }
}

extension AuditArchive {
    fileprivate func takeAll(of log: LogStore, through index: UInt64? = nil) throws {
        while try takeOver(from: log, through: index.map { LogIndex($0) } ?? log.basePosition.index, outcomes: { _ in [:] }) {}
    }
}

extension Samples {
    static func command(_ index: UInt64, stampedAtSeconds seconds: Int64) -> Entry {
        let proposal = Proposal(
            requestID: RequestID(high: 1, low: index), proposedAfter: .zero, actor: Actor(id: "a", method: "token", address: nil),
            body: .removeMember(RemoveMember(member(9), keepUntil: 5)))
        return Entry(
            index: LogIndex(index), term: Term(1), kind: .command,
            payload: Command(proposal, stampedAtMilliseconds: seconds * 1_000).encode())
    }
}
