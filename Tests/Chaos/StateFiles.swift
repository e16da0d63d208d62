import Foundation
import GRDB
import TrustStore

/// Compares the state files of members that have ended, row by row: what they would start from is the same.
enum StateFiles {
    /// One line for each table and member whose rows are not those of the first member.
    static func differences(_ paths: [String]) throws -> [String] {
        guard let first = paths.first else { return [] }
        return try paths.dropFirst().flatMap { try differences(first, $0) }
    }

    static func rowCount(_ path: String) throws -> Int {
        try reading(path) { db in
            try StateCollection.allCases.reduce(0) { try $0 + (Int.fetchOne(db, sql: "SELECT count(*) FROM \($1.rawValue)") ?? 0) }
        }
    }

    private static func differences(_ path: String, _ otherPath: String) throws -> [String] {
        try reading(path) { db in
            try db.execute(sql: "ATTACH ? AS other", arguments: [otherPath])
            var found: [String] = []
            // Where both have applied the same entry, one digest stands for all that applying has ever changed.
            let digests = """
                SELECT count(*) FROM main.applied a JOIN other.applied b USING (idx) WHERE (a.effects, a.chain) <> (b.effects, b.chain)
                """
            if try Int.fetchOne(db, sql: digests) != 0 { found.append("the digests of \(otherPath) and \(path) differ") }
            for table in StateCollection.allCases.map(\.rawValue) {
                let count = try Int.fetchOne(
                    db,
                    sql: """
                        SELECT
                            (SELECT count(*) FROM main.\(table) a LEFT JOIN other.\(table) b USING (key)
                                WHERE b.value IS NOT a.value) +
                            (SELECT count(*) FROM other.\(table) b LEFT JOIN main.\(table) a USING (key) WHERE a.key IS NULL)
                        """) ?? 0
                if count > 0 { found.append("\(count) rows of \(table) in \(otherPath) are not those of \(path)") }
            }
            return found
        }
    }

    static func appliedIndex(_ path: String) throws -> Int64? {
        try reading(path) { try Int64.fetchOne($0, sql: "SELECT idx FROM applied") }
    }

    private static func reading<Value>(_ path: String, _ work: (Database) throws -> Value) throws -> Value {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction(work)
    }
}

extension Fleet {
    /// Ends all members and compares what they left. They are started again and the comparison repeated when they
    /// ended at different places: an entry may be committed by the others while one ends.
    func compareStateFiles(attempts: Int = 5) throws -> StateComparison {
        let paths = names.indices.map { "\(data($0))/state.db" }
        for attempt in 1... {
            try awaitEqualIndexes()
            endAll()
            let indexes = try paths.map(StateFiles.appliedIndex)
            if Set(indexes).count == 1 { break }
            guard attempt < attempts else {
                let places = "\(indexes.map { $0 ?? -1 })"
                return StateComparison(rows: 0, differences: ["\(attempts) times members ended at different entries, last at \(places)"])
            }
            for slot in names.indices { try start(slot) }
            for slot in names.indices { try awaitReady(slot) }
        }
        return StateComparison(rows: try StateFiles.rowCount(paths[0]), differences: try StateFiles.differences(paths))
    }
}

struct StateComparison {
    let rows: Int
    let differences: [String]
}
