import ArgumentParser
import FoundationEssentials
import HTTP
import JOSE

struct AuthorityCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "authority", abstract: "CAs whose client certificates are trusted.",
        subcommands: [List.self, Add.self, Show.self, Edit.self, Remove.self, ImportCRL.self, FetchCRL.self])

    static func target(_ fingerprint: String) -> String { "/1.0/authorities/\(PercentEncoding.encode(fingerprint))" }
}

extension AuthorityCommand {
    struct List: Verb {
        static let configuration = CommandConfiguration(abstract: "The authorities, and until when their CRLs are good.")
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(
                try await connection.remote().get("/1.0/authorities?recursion=1"),
                columns: [
                    .init("FINGERPRINT") { $0["fingerprint"]?.stringValue.map { .string(String($0.prefix(12))) } },
                    .init("NAME", "name"), .init("TYPE", "type"), .init("RESTRICTED", "restricted"), .init("PROJECTS", "projects"),
                    .init("CRL NUMBER") { $0["crl"]?["number"] }, .init("REVOKED") { $0["crl"]?["entries"] },
                    .init("NEXT UPDATE") { $0["crl"]?["next_update"] }, .init("OVERDUE", "crl_overdue"),
                    .init("FETCHED FROM", "crl_url"), .init("LAST FETCH") { $0["crl_fetch"]?["error"]?.stringValue.map { .string($0) } ?? $0["crl_fetch"]?["succeeded_at"] },
                ])
        }
    }

    struct Add: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Trust a CA: whoever shows a client certificate issued under it is trusted, from now on and on every member.")
        @Argument(help: "The CA certificate's file, in PEM.", completion: .file()) var file: String
        @Option(help: "For people. Default: the certificate's common name.") var name: String?
        @Option(help: "Of those it vouches for: client, or metrics.") var type = "client"
        @Option(help: "For people.") var description: String?
        @Option(help: "refuse or warn: its certificates, when its CRL is past nextUpdate or missing.") var crlOverdue = "refuse"
        @OptionGroup var source: ListSource
        @OptionGroup var conditions: TrustConditions
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            var body: JSONObject = [
                "type": .string(type), "certificate": .string(try TextFile.read(file)), "crl_overdue": .string(crlOverdue),
            ]
            body["name"] = name.map(JSON.string)
            body["description"] = description.map(JSON.string)
            source.write(to: &body)
            conditions.write(to: &body)
            _ = try await remote.post("/1.0/authorities", body)
        }
    }

    struct Edit: Verb {
        static let configuration = CommandConfiguration(abstract: "Change what is given of an authority. Its certificate and its type never change.")
        @Argument(help: "Its fingerprint, or the beginning of it.") var fingerprint: String
        @Option(help: "A new name.") var name: String?
        @Option(help: "A new description.") var description: String?
        @Option(help: "refuse or warn: its certificates, when its CRL is past nextUpdate or missing.") var crlOverdue: String?
        @OptionGroup var source: ListSource
        @OptionGroup var conditions: TrustConditions
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            var body = JSONObject()
            body["name"] = name.map(JSON.string)
            body["description"] = description.map(JSON.string)
            body["crl_overdue"] = crlOverdue.map(JSON.string)
            source.write(to: &body)
            conditions.write(to: &body)
            guard !body.members.isEmpty else {
                throw .usage(
                    "nothing to change: give --name, --description, --restricted, --no-restricted, --projects, --crl-overdue, --crl-url or --crl-refresh")
            }
            _ = try await connection.remote().patch(AuthorityCommand.target(fingerprint), body)
        }
    }

    /// From where, and how often, the leader fetches the CRL.
    struct ListSource: ParsableArguments {
        @Option(help: "http://HOST[:PORT]/PATH, from where the leader fetches the CRL; empty for none.") var crlUrl: String?
        @Option(help: "Seconds from one fetch to the next, 10 to 604800. Default: 3600.") var crlRefresh: Int64?

        func write(to body: inout JSONObject) {
            body["crl_url"] = crlUrl.map(JSON.string)
            body["crl_refresh_seconds"] = crlRefresh.map(JSON.integer)
        }
    }

    struct Show: Verb {
        static let configuration = CommandConfiguration(abstract: "One authority.")
        @Argument(help: "Its fingerprint, or the beginning of it.") var fingerprint: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(try await connection.remote().get(AuthorityCommand.target(fingerprint)))
        }
    }

    struct Remove: Verb {
        static let configuration = CommandConfiguration(abstract: "Trust a CA no more. Its CRL goes too; entries of its certificates stay.")
        @Argument(help: "Its fingerprint, or the beginning of it.") var fingerprint: String
        @Flag(help: "Also when another CA then vouches for its clients, and for more than it did.") var force = false
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            _ = try await connection.remote().delete(AuthorityCommand.target(fingerprint) + (force ? "?force=true" : ""))
        }
    }

    struct ImportCRL: Verb {
        static let configuration = CommandConfiguration(
            commandName: "import-crl", abstract: "Put an authority's CRL in force, on every member.")
        @Argument(help: "The authority's fingerprint, or the beginning of it.") var fingerprint: String
        @Argument(help: "The CRL's file, in DER or PEM.", completion: .file()) var file: String
        @OptionGroup var connection: ConnectionOptions

        static let bytesMax = 64 << 20

        func perform() async throws(CommandFailure) {
            guard let data = FileManager.default.contents(atPath: file) else { throw .refused("cannot read \(file)") }
            guard data.count <= Self.bytesMax else { throw .refused("\(file) is larger than \(Self.bytesMax) bytes") }
            let answer = try await connection.remote().put(
                AuthorityCommand.target(fingerprint) + "/crl", Array(data), contentType: "application/pkix-crl")
            connection.format.show(answer)
        }
    }

    struct FetchCRL: Verb {
        static let configuration = CommandConfiguration(
            commandName: "fetch-crl", abstract: "Fetch an authority's CRL from its URL now, from the member that is asked, and put it in force.")
        @Argument(help: "The authority's fingerprint, or the beginning of it.") var fingerprint: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(try await connection.remote().postLong(AuthorityCommand.target(fingerprint) + "/crl/fetch"))
        }
    }
}
