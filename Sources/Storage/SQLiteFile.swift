import GRDB
import Raft

/// One SQLite file in WAL mode, held exclusively by this object unless its readers are let in.
///
/// Not thread-safe: its owner confines it to one thread. After an error that is final (see
/// `StorageError.isFinal`) every later call fails with that same error until the file is opened anew.
final class SQLiteFile {
    enum Durability: String {
        /// Each commit returns after its fsync.
        case full = "FULL"
        /// A power cut may take back the newest commits, whole ones and in reverse order; never the file's sanity.
        case normal = "NORMAL"
    }

    let path: String
    private var queue: DatabaseQueue?
    private var failure: StorageError?

    /// Makes the file, or finishes one whose making was cut short, and fills it in one transaction.
    static func create(
        path: String, durability: Durability, letsReadersIn: Bool = false, _ fill: (Database) throws -> Void
    ) throws(StorageError) -> SQLiteFile {
        do {
            try PrivateFile.createEmpty(path: path)
        } catch {
            throw .ioError(file: path, what: error.description)
        }
        let file = try SQLiteFile(path: path, durability: durability, letsReadersIn: letsReadersIn)
        try file.write { db in
            guard try !db.tableExists(FileHeader.table) else { throw StorageError.alreadyExists(file: path) }
            try fill(db)
        }
        do {
            try PrivateFile.syncDirectory(of: path)
        } catch {
            throw .ioError(file: path, what: error.description)
        }
        return file
    }

    /// A file whose making never finished counts as missing: nothing was promised on it.
    static func open(
        path: String, durability: Durability, letsReadersIn: Bool = false
    ) throws(StorageError) -> SQLiteFile {
        guard PrivateFile.exists(path: path) else { throw .missing(file: path) }
        let file = try SQLiteFile(path: path, durability: durability, letsReadersIn: letsReadersIn)
        guard try file.read({ try $0.tableExists(FileHeader.table) }) else { throw .missing(file: path) }
        return file
    }

    /// Reads a file that another connection of this process may be writing, or that nobody writes any more.
    static func reading<Value>(path: String, _ work: (Database) throws -> Value) throws(StorageError) -> Value {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            return try queue.writeWithoutTransaction(work)
        } catch {
            throw .from(error, file: path)
        }
    }

    private init(path: String, durability: Durability, letsReadersIn: Bool) throws(StorageError) {
        self.path = path
        var configuration = GRDB.Configuration()
        configuration.foreignKeysEnabled = false
        configuration.prepareDatabase { db in
            // Exclusive before the first access: two processes on one log would each believe their own
            // tail. It also keeps the WAL index in our memory, out of a file others could map.
            if !letsReadersIn { try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
            guard try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                throw StorageError.ioError(file: path, what: "the file system does not allow write-ahead logging")
            }
            try db.execute(sql: "PRAGMA synchronous = \(durability.rawValue)")
            try db.execute(sql: "PRAGMA cell_size_check = ON")
            // Takes the lock now rather than at the first write.
            try db.inTransaction(.immediate) { .commit }
        }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw .from(error, file: path)
        }
    }

    func read<Value>(_ work: (Database) throws -> Value) throws(StorageError) -> Value {
        try run(work)
    }

    /// All of `work` or nothing of it, durable as promised when this returns.
    func write(_ work: (Database) throws -> Void) throws(StorageError) {
        try run { db in
            try db.inTransaction(.immediate) {
                try work(db)
                return .commit
            }
        }
    }

    /// Moves what the WAL holds into the file proper.
    func checkpoint() throws(StorageError) {
        try run { db in
            _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(PASSIVE)")
        }
    }

    /// Makes everything that was committed durable, also in a file whose commits are not synced. False when a
    /// reader stood in the way: try again later.
    func sync() throws(StorageError) -> Bool {
        try run { db in
            let row = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(PASSIVE)")
            return row?.counter(0) == 0 && row?.counter(1) == row?.counter(2)
        }
    }

    /// Makes durable whatever an earlier process left in the WAL. Opening reads frames that were written
    /// but perhaps never synced, also those whose fsync failed, after which another fsync of the WAL
    /// proves nothing; so they are copied into the file proper, and that is synced.
    func settle() throws(StorageError) {
        let path = path
        try run { db in
            let row = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            guard row?.counter(0) == 0 else {
                throw StorageError.ioError(file: path, what: "what an earlier run wrote cannot be made durable")
            }
        }
    }

    /// Looks through all pages for structural damage, also in parts nobody reads today.
    func checkPages() throws(StorageError) {
        let path = path
        try run { try Self.checkPages($0, file: path) }
    }

    static func checkPages(_ db: Database, file: String) throws {
        let finding = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
        guard finding == "ok" else {
            throw StorageError.corrupt(file: file, index: nil, what: finding ?? "quick_check says nothing")
        }
    }

    func close() throws(StorageError) {
        defer {
            queue = nil
            failure = failure ?? .closed(file: path)
        }
        do { try queue?.close() } catch { throw .from(error, file: path) }
    }

    /// From now on every call fails with `error`; also for what the owner finds out by itself.
    func fail(with error: StorageError) {
        if failure == nil { failure = error }
    }

    private func run<Value>(_ work: (Database) throws -> Value) throws(StorageError) -> Value {
        if let failure { throw failure }
        guard let queue else { throw .closed(file: path) }
        do {
            return try queue.writeWithoutTransaction(work)
        } catch {
            let ours = StorageError.from(error, file: path)
            if ours.isFinal { fail(with: ours) }
            throw ours
        }
    }
}
