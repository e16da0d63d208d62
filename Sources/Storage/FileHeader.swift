import GRDB
import Raft

/// The table that says what a file is, read before anything else in it.
enum FileHeader {
    static let table = "store"
    /// The newest layout this binary writes and the only one it reads.
    static let format = 4

    static func write(_ db: Database, _ fields: [String: String]) throws {
        try db.execute(sql: "CREATE TABLE \(table) (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
        let insert = "INSERT INTO \(table) (name, value) VALUES (?, ?)"
        try db.execute(sql: insert, arguments: ["format", String(format)])
        for name in fields.keys.sorted() { try db.execute(sql: insert, arguments: [name, fields[name]]) }
    }

    /// - Throws: `unsupportedVersion` before any other field is looked at.
    static func read(_ db: Database, file: String) throws -> [String: String] {
        var fields: [String: String] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT name, value FROM \(table)") {
            guard let name = row.text(0), let value = row.text(1) else {
                throw StorageError.corrupt(file: file, index: nil, what: "its header is unreadable")
            }
            fields[name] = value
        }
        guard let found = fields["format"] else {
            throw StorageError.corrupt(file: file, index: nil, what: "its header names no format")
        }
        guard found == String(format) else {
            throw StorageError.unsupportedVersion(file: file, found: found, supported: format)
        }
        return fields
    }

    static func check(_ fields: [String: String], clusterID: String, file: String) throws {
        let found = fields["cluster_id"] ?? ""
        guard found == clusterID else {
            throw StorageError.wrongCluster(file: file, expected: clusterID, found: found)
        }
    }

    static func check(_ fields: [String: String], _ identity: StoreIdentity, file: String) throws {
        try check(fields, clusterID: identity.clusterID, file: file)
        let found = fields["member_id"] ?? ""
        guard found == identity.memberID.description else {
            throw StorageError.wrongMember(file: file, expected: identity.memberID.description, found: found)
        }
    }
}
