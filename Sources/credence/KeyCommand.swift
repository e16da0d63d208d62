import ArgumentParser
import HTTP
import JOSE

struct KeyCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "The keys that sign tokens, and those of other programs.",
        subcommands: [List.self, Rotate.self, Retire.self, Delete.self, Import.self, Export.self])
}

extension KeyCommand {
    struct List: Verb {
        static let configuration = CommandConfiguration(abstract: "The signing keys, oldest first, then the imported ones.")
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(
                try await connection.remote().get("/1.0/keys"),
                columns: [
                    .init("ID", "id"), .init("ALGORITHM", "algorithm"), .init("STATE", "state"),
                    .init("CREATED", "created_at"), .init("RETIRED FROM", "retire_after"), .init("ORIGIN", "origin"), .init("NAME", "name"),
                ])
        }
    }

    struct Rotate: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Make a new signing key. It signs once every member and every copy of the key set knows it; the old one then only verifies.")

        @Option(help: "ES256, ES384, ES512, EdDSA, RS256 to RS512, PS256 to PS512, or HS256 to HS512.") var algorithm = "ES256"
        @Option(help: "Seconds, or with a unit, before which it must not sign. Default: 2 minutes when it replaces a key pair, else at once.") var activateIn: String?
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            var body: JSONObject = ["algorithm": .string(algorithm)]
            if let activateIn { body["activate_in"] = .integer(try Lifetime.seconds(activateIn, option: "--activate-in")) }
            connection.format.show(try await connection.remote().post("/1.0/keys", body))
        }
    }

    struct Retire: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Stop signing with a key. What it signed stays valid until --in has passed.")

        @Argument(help: "The key's id.") var id: String
        @Option(
            name: .customLong("in"),
            help: "Seconds, or with a unit; 0 refuses its tokens at once. Default: the longest lifetime of a token.")
        var retireIn: String?
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            var body = JSONObject()
            if let retireIn { body["retire_in"] = .integer(try Lifetime.seconds(retireIn, option: "--in")) }
            connection.format.show(
                try await connection.remote().post("/1.0/keys/\(PercentEncoding.encode(id))/retire", body))
        }
    }

    struct Delete: Verb {
        static let configuration = CommandConfiguration(abstract: "Destroy a key that is retired; any other, an imported one too, only with --force.")

        @Argument(help: "The key's id.") var id: String
        @Flag(help: "Also a key that still signs or verifies: all that it signed is refused at once, on every member.") var force = false
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            _ = try await connection.remote().delete("/1.0/keys/\(PercentEncoding.encode(id))\(force ? "?force=true" : "")")
        }
    }
}
