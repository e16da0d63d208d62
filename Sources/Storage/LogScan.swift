import GRDB
import Raft

/// One walk through the log from its base, checking each against the one before, and keeping
/// what a starting member needs to know about entries it will not hold in memory.
struct LogScan {
    private(set) var tail = LogTail()
    private(set) var termRuns: [TermRun] = []
    private(set) var configurations: [ConfigurationRecord] = []
    let file: String

    init(file: String) {
        self.file = file
    }

    mutating func walk(_ db: Database) throws {
        let rows = try LogSchema.cursor(db, from: tail.position.index.next, through: .max)
        while let row = try rows.next() { _ = try take(row) }
    }

    /// Walks as far as the log is whole. Returns the first entry that is not, and what is wrong with it.
    mutating func walkToDamage(_ db: Database) throws -> StorageError? {
        do {
            try walk(db)
            return nil
        } catch let error as StorageError {
            guard case .corrupt(_, _?, _) = error else { throw error }
            return error
        }
    }

    /// Checks one row, which must be the next of the log.
    mutating func take(_ row: Row) throws -> Entry {
        let expected = tail.position.index.next
        let entry = try read(row, expected: expected)
        let chain = LogChain.link(entry, after: tail.chain)
        guard row.blob(4) == chain else { throw damage(at: expected, "its hash does not fit its content and the entry before") }
        // The first one names its term even when it is that of the base: the core asks for terms from there on.
        if termRuns.isEmpty || entry.term != tail.position.term { termRuns.append(TermRun(term: entry.term, first: entry.index)) }
        if entry.kind == .configuration { configurations.append(try configuration(in: entry)) }
        tail = LogTail(position: entry.position, chain: chain)
        return entry
    }

    private func read(_ row: Row, expected: LogIndex) throws -> Entry {
        guard let index = row.counter(0) else { throw damage(at: expected, "its index is unreadable") }
        guard index == expected.rawValue else { throw damage(at: expected, "the entry is missing") }
        guard let term = row.counter(1), let kind = row.counter(2), let payload = row.blob(3) else {
            throw damage(at: expected, "the entry is unreadable")
        }
        guard let kind = UInt8(exactly: kind).flatMap(EntryKind.init(rawValue:)) else {
            throw damage(at: expected, "its kind is unknown")
        }
        guard term >= max(1, tail.position.term.rawValue), term <= Term.max.rawValue else {
            throw damage(at: expected, "its term is lower than that of the entry before")
        }
        return Entry(index: expected, term: Term(term), kind: kind, payload: payload)
    }

    private func configuration(in entry: Entry) throws -> ConfigurationRecord {
        do throws(WireError) {
            return ConfigurationRecord(index: entry.index, configuration: try Configuration(decoding: entry.payload))
        } catch {
            throw damage(at: entry.index, "its configuration is unreadable")
        }
    }

    private func damage(at index: LogIndex, _ what: String) -> StorageError {
        .corrupt(file: file, index: index, what: what)
    }
}

extension LogScan {
    /// A walk that starts in the middle, trusting the stored hash of the entry before.
    init(file: String, after tail: LogTail) {
        self.file = file
        self.tail = tail
    }
}
