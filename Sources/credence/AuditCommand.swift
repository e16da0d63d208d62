import ArgumentParser
import Cluster
import EventLoop
import HTTP
import JOSE

struct AuditCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who changed what, and when; and whether the record is whole.",
        subcommands: [List.self, Head.self, Follow.self, Verify.self, Export.self])
}

extension AuditCommand {
    struct List: Verb {
        static let configuration = CommandConfiguration(abstract: "The newest changes, oldest of them first.")
        @OptionGroup var filter: AuditFilter
        @Option(help: "How many at most; 1 to 100000.") var limit = 100
        @OptionGroup var connection: ConnectionOptions

        static let limitRange = 1...100_000

        func perform() async throws(CommandFailure) {
            guard Self.limitRange.contains(limit) else { throw .usage("--limit must be a number from 1 to \(Self.limitRange.upperBound)") }
            let query = try filter.query(now: WallClock.nowSeconds())
            var pages = AuditPages(remote: try connection.remote(), query: query + "&limit=1000")
            // Without a filter the newest are known by their index.
            if query.isEmpty { pages.after = max(0, try await pages.head().index - Int64(limit)) }
            var newest: [JSON] = []
            while let page = try await pages.next() {
                newest += page["entries"]?.arrayValue ?? []
                newest.removeFirst(max(0, newest.count - limit))
            }
            connection.format.show(.array(newest), columns: AuditTable.columns)
        }
    }

    struct Head: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Where the record of the member that is asked begins and ends. Members agree on the chain of an index.")
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(try await connection.remote().get("/1.0/audit/head"))
        }
    }

    struct Follow: Verb {
        static let configuration = CommandConfiguration(abstract: "New changes as they are made, one a line, until interrupted.")
        @OptionGroup var filter: AuditFilter
        @Option(help: "Begin behind this index. Default: with the next change.") var after: Int64?
        @OptionGroup var connection: ConnectionOptions

        private static let waitSeconds = 20

        func perform() async throws(CommandFailure) {
            let query = try filter.query(now: WallClock.nowSeconds())
            var pages = AuditPages(remote: try connection.remote(), query: query + "&wait=\(Self.waitSeconds)")
            pages.after = if let after { after } else { try await pages.head().index }
            if let head = AuditTable.head(connection.format) { Terminal.out(head) }
            while true {
                for entry in try await pages.waitForMore()["entries"]?.arrayValue ?? [] {
                    Terminal.out(AuditTable.line(entry, connection.format))
                }
            }
        }
    }
}

/// Which entries are wanted.
struct AuditFilter: ParsableArguments {
    @Option(help: "Only what was done at this time or later: 2026-01-31T12:00:00Z, Unix seconds, or how long ago (12h).")
    var since: String?
    @Option(help: "Only what this actor did, by id.") var actor: String?
    @Option(help: "Only entries of this kind, such as revoke_token.") var kind: String?

    /// - Parameter now: Unix seconds.
    func query(now: Int64) throws(CommandFailure) -> String {
        var query = ""
        if let since { query += "&since=\(try Self.seconds(since, now: now))" }
        if let actor { query += "&actor=\(PercentEncoding.encode(actor))" }
        if let kind { query += "&kind=\(PercentEncoding.encode(kind))" }
        return query
    }

    static func seconds(_ text: String, now: Int64) throws(CommandFailure) -> Int64 {
        if let seconds = RFC3339.seconds(text) ?? Int64(text), seconds >= 0 { return seconds }
        return max(0, now - (try Lifetime.seconds(text, option: "--since")))
    }
}

enum AuditTable {
    static var columns: [Table.Column] { [
        .init("INDEX", "index"), .init("TIME", "time"), .init("KIND", "kind"), .init("ACTOR") { $0["actor"]?["id"] },
        .init("BY") { $0["actor"]?["method"] }, .init("FROM") { $0["actor"]?["address"] },
        .init("OUTCOME") { $0["code"] == .null ? $0["outcome"] : $0["code"] }, .init("SUMMARY") { .string(summary($0)) },
    ] }

    /// What stands above an endless list, where the format has such a thing.
    static func head(_ format: OutputFormat) -> String? {
        format == .csv ? CSVText.of(columns, rows: []) : nil
    }

    /// One entry of an endless list; in YAML a document of its own.
    static func line(_ entry: JSON, _ format: OutputFormat) -> String {
        switch format {
        case .table: columns.map { Table.cell($0.value(entry)) }.joined(separator: "  ")
        case .json: entry.encodedString
        case .yaml: "---\n" + BlockYAML.of(entry)
        case .csv: String(CSVText.of(columns, rows: [entry]).split(separator: "\n").last ?? "")
        }
    }

    static func summary(_ entry: JSON) -> String {
        (entry["summary"]?.objectValue?.members ?? []).map { "\($0.name)=\(Table.cell($0.value))" }.joined(separator: " ")
    }
}
