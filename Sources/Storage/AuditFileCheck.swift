import GRDB
import Raft

/// Checks audit.db, log.db and state.db of one member, or copies of some of them, entry by entry. Believes nothing that
/// is in them; works on files that no member has open.
package struct AuditFileCheck {
    private var report = AuditFileReport()
    private var walk: ChainWalk?

    /// - Parameter paths: in any order; each says itself what it is.
    package static func check(_ paths: [String]) throws(AuditFileError) -> AuditFileReport {
        var check = AuditFileCheck()
        var byKind: [Kind: String] = [:]
        for path in paths { byKind[try kind(of: path)] = path }
        if let path = byKind[.state] { try check.readState(path) }
        if let path = byKind[.archive] { try check.walk(path) { (check, db) in try check.archive(db, file: path) } }
        if let path = byKind[.log] { try check.walk(path) { (check, db) in try check.log(db, file: path) } }
        try check.compareWithState(byKind[.state])
        return check.report
    }

    private enum Kind { case archive, log, state }

    private static func kind(of path: String) throws(AuditFileError) -> Kind {
        let kind: Kind? = try reading(path) { db in
            guard try db.tableExists(FileHeader.table) else { return nil }
            _ = try FileHeader.read(db, file: path)
            if try db.tableExists("starts") { return .archive }
            if try db.tableExists("hard_state") { return .log }
            return try db.tableExists("applied") ? .state : nil
        }
        guard let kind else { throw .unknown(file: path) }
        return kind
    }

    private mutating func walk(
        _ path: String, _ work: (inout AuditFileCheck, Database) throws -> Void
    ) throws(AuditFileError) {
        var check = self
        try Self.reading(path) { try work(&check, $0) }
        self = check
    }

    private static func reading<Value>(_ path: String, _ work: (Database) throws -> Value) throws(AuditFileError) -> Value {
        var fault: ChainFault?
        do throws(StorageError) {
            return try SQLiteFile.reading(path: path) { db in
                do {
                    return try work(db)
                } catch let error as ChainFault {
                    fault = error
                    throw error
                }
            }
        } catch {
            if let fault { throw .fault(file: path, fault) }
            if case .corrupt(let file, let index?, let what) = error {
                throw .fault(file: file, ChainFault(index: index.rawValue, what: what))
            }
            throw .storage(error)
        }
    }

    // MARK: - audit.db

    private mutating func archive(_ db: Database, file: String) throws {
        var starts = try ArchiveSchema.starts(db, file: file)[...]
        let rows = try Row.fetchCursor(db, sql: "SELECT \(AuditRows.archiveColumns) FROM entries ORDER BY idx")
        while let row = try rows.next() {
            let index = row.counter(0) ?? 0
            while let start = starts.first, start.position.index.rawValue < index {
                try begin(at: ChainWalk(start))
                starts.removeFirst()
            }
            guard var next = walk else { throw ChainFault(index: 1, what: "where the record begins is missing") }
            try next.take(row)
            // The outcome, which the chain does not cover, has a checksum of its own.
            _ = try AuditRows.record(row, at: LogIndex(index), file: file)
            try advance(to: next)
        }
        for start in starts { try begin(at: ChainWalk(start)) }
        report.setAsideCount = try Row.fetchOne(db, sql: "SELECT count(*) FROM set_aside")?.counter(0) ?? 0
    }

    // MARK: - log.db

    private mutating func log(_ db: Database, file: String) throws {
        let base = ChainWalk(try LogSchema.base(db, file: file).tail)
        let rows = try LogSchema.cursor(db, from: LogIndex(1), through: .max)
        var row = try rows.next()
        var own = start(of: row, base: base, purged: try LogSchema.purged(db).map { ChainWalk($0) })
        // Of the oldest entry only the hash is known when the one before is nowhere any more.
        if let index = row?.counter(0), own.index == index { row = try rows.next() }
        var isJoined = try join(own)
        while let next = row {
            if own.index == base.index, own.chain != base.chain {
                throw ChainFault(index: own.index, what: "it is not the entry that the log says it goes on from")
            }
            try own.take(next)
            if isJoined { try advance(to: own) } else { isJoined = try meets(own) }
            row = try rows.next()
        }
    }

    private func start(of row: Row?, base: ChainWalk, purged: ChainWalk?) -> ChainWalk {
        guard let row, let first = row.counter(0) else { return base }
        if first == 1 { return ChainWalk() }
        if first == base.index + 1 { return base }
        if let walk, walk.index == first - 1 { return walk }
        if let purged, purged.index == first - 1 { return purged }
        return ChainWalk(after: first, term: row.counter(1) ?? 0, chain: row.blob(4) ?? [])
    }

    /// False when the archive goes further than where the log begins: what both have is then compared at its end.
    private mutating func join(_ own: ChainWalk) throws -> Bool {
        guard let walk, walk.index >= own.index else {
            try begin(at: own)
            return true
        }
        return try meets(own)
    }

    /// The hash at one entry stands for all before it.
    private func meets(_ own: ChainWalk) throws -> Bool {
        guard let walk, own.index == walk.index else { return false }
        guard own.chain == walk.chain else { throw ChainFault(index: own.index, what: "audit.db and log.db do not agree on it") }
        return true
    }

    // MARK: - state.db

    private mutating func readState(_ path: String) throws(AuditFileError) {
        let point = try Self.reading(path) { db in try StateSchema.applied(db, file: path) }
        do throws(StorageError) { try StateStore.scrub(path: path) } catch { throw .storage(error) }
        report.state = AuditFileReport.State(index: point.position.index.rawValue, chain: point.chain)
    }

    /// The state was made from the entries up to where it stands, so they must be there.
    private func compareWithState(_ path: String?) throws(AuditFileError) {
        guard let path, let state = report.state, let walk, walk.index < state.index else { return }
        let what = "the entry is missing: the state was made from entries up to \(state.index)"
        throw .fault(file: path, ChainFault(index: walk.index + 1, what: what))
    }

    // MARK: - The record

    private mutating func begin(at start: ChainWalk) throws {
        if let walk, walk.index >= start.index { throw ChainFault(index: start.index, what: "a stretch begins inside another") }
        walk = start
        report.stretches.append(.init(after: start.index, end: start.index))
        report.chain = start.chain
        try compareWithState(at: start)
    }

    private mutating func advance(to next: ChainWalk) throws {
        walk = next
        try compareWithState(at: next)
        report.entryCount += 1
        report.chain = next.chain
        report.stretches[report.stretches.count - 1].end = next.index
    }

    private func compareWithState(at point: ChainWalk) throws {
        guard let state = report.state, state.index == point.index, state.chain != point.chain else { return }
        throw ChainFault(index: point.index, what: "the state was made from another entry")
    }
}

extension ChainWalk {
    init(_ tail: LogTail) {
        self.init(after: tail.position.index.rawValue, term: tail.position.term.rawValue, chain: tail.chain)
    }

    fileprivate mutating func take(_ row: Row) throws {
        guard let index = row.counter(0), let term = row.counter(1), let kind = row.counter(2), let payload = row.blob(3),
            let chain = row.blob(4)
        else { throw ChainFault(index: index + 1, what: "the entry is unreadable") }
        try take(index: index, term: term, kind: kind, payload: payload, chain: chain)
    }
}
