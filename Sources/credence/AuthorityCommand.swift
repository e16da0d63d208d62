import ArgumentParser
import FoundationEssentials
import HTTP
import JOSE

struct AuthorityCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "authority", abstract: "CAs whose client certificates are trusted.",
        subcommands: [List.self, Add.self, Show.self, Remove.self, ImportCRL.self])

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
        @OptionGroup var conditions: TrustConditions
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            var body: JSONObject = [
                "type": .string(type), "certificate": .string(try TextFile.read(file)), "crl_overdue": .string(crlOverdue),
            ]
            body["name"] = name.map(JSON.string)
            body["description"] = description.map(JSON.string)
            conditions.write(to: &body)
            _ = try await remote.post("/1.0/authorities", body)
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
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            _ = try await connection.remote().delete(AuthorityCommand.target(fingerprint))
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
}
