import ArgumentParser
import HTTP
import JOSE

struct TokenCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, check and revoke tokens.",
        subcommands: [Create.self, Verify.self, Explain.self, List.self, Show.self, Revoke.self])
}

extension TokenCommand {
    struct Create: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Make a token. Prints it on standard output, and nothing else there.")

        @Option(help: "Whom the token speaks for.") var subject: String
        @Option(
            name: [.customLong("scope"), .customLong("scopes")],
            help: "read, write, sign, admin, or your own; separated by commas, or repeated.")
        var scopes: [String] = []
        @Option(help: "Whom the token is meant for; may be repeated.") var audience: [String] = []
        @Option(help: "Lifetime: seconds, or with a unit (30m, 12h, 7d).") var expiresIn: String?
        @Option(help: "Unix time from which on it is valid.") var notBefore: Int64?
        @Option(help: "ES256, ES384, ES512, EdDSA, RS256 to RS512, PS256 to PS512, or HS256 to HS512.") var algorithm: String?
        @Option(help: "Further claims, a JSON object.") var claims: String?
        @Option(help: "Lists the token under this name.") var name: String?
        @Option(help: "SHA-256 of the client certificate that alone may present it.") var certificateFingerprint: String?
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let token = try await connection.remote().post("/1.0/tokens", try body())
            if let text = connection.format.text(of: token) { return Terminal.out(text) }
            Terminal.error(
                "id \(Table.cell(token["id"])), key \(Table.cell(token["key_id"])), expires \(Table.cell(token["expires_at"]))")
            Terminal.out(token["token"]?.stringValue ?? "")
        }

        func body() throws(CommandFailure) -> JSONObject {
            var body: JSONObject = [
                "subject": .string(subject),
                "scopes": .strings(scopes.flatMap { $0.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init) }),
            ]
            if !audience.isEmpty { body["audience"] = .strings(audience) }
            if let expiresIn { body["expires_in"] = .integer(try Lifetime.seconds(expiresIn, option: "--expires-in")) }
            body["not_before"] = notBefore.map(JSON.integer)
            body["algorithm"] = algorithm.map(JSON.string)
            body["name"] = name.map(JSON.string)
            body["certificate_fingerprint"] = certificateFingerprint.map(JSON.string)
            if let claims {
                guard let object = try? JSON(parsing: claims) else { throw .usage("--claims must be a JSON object") }
                body["claims"] = object
            }
            return body
        }
    }

    struct Verify: Verb {
        static let configuration = CommandConfiguration(abstract: "Is a token good? Exits with 4 when it is not.")

        @Argument(help: "The token, or - to read it from standard input.") var token: String
        @Option(help: "Scopes it must permit.") var scope: String?
        @Option(help: "Whom it must be meant for.") var audience: String?
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            var body: JSONObject = ["token": .string(try TokenArgument.read(token))]
            body["scope"] = scope.map(JSON.string)
            body["audience"] = audience.map(JSON.string)
            let verdict = try await connection.remote().post("/1.0/tokens/verify", body)
            connection.format.show(verdict)
            if verdict["valid"]?.boolValue != true {
                throw .tokenInvalid(
                    "the token is refused: \(Table.cell(verdict["reason"])); `credence token explain` shows each check")
            }
        }
    }

    struct Explain: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Each check of a token in order, and the likely mistake. Exits with 4 when it is refused.")

        @Argument(help: "The token, or - to read it from standard input.") var token: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let body: JSONObject = ["token": .string(try TokenArgument.read(token))]
            let explanation = try await connection.remote().post("/1.0/tokens/explain", body)
            switch connection.format {
            case .json, .yaml: Terminal.out(connection.format.text(of: explanation) ?? "")
            case .table, .csv: showSteps(explanation["steps"] ?? .array([]))
            }
            if explanation["valid"]?.boolValue != true {
                throw .tokenInvalid("the token is refused: \(Table.cell(explanation["reason"]))")
            }
        }

        private func showSteps(_ steps: JSON) {
            connection.format.show(
                steps, columns: [.init("CHECK", "check"), .init("OUTCOME", "outcome"), .init("DETAIL", "detail")])
            // In a table of values there is no place for what concerns one of them only.
            guard connection.format == .table else { return }
            for step in steps.arrayValue ?? [] {
                if let hint = step["hint"], hint != .null { Terminal.out("hint: \(Table.cell(hint))") }
            }
        }
    }

    struct List: Verb {
        static let configuration = CommandConfiguration(abstract: "The named tokens.")
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(
                try await connection.remote().list("/1.0/tokens"),
                columns: [
                    .init("NAME", "name"), .init("ID", "id"), .init("SUBJECT", "subject"), .init("SCOPES", "scopes"),
                    .init("EXPIRES", "expires_at"),
                ])
        }
    }

    struct Show: Verb {
        static let configuration = CommandConfiguration(abstract: "One named token.")
        @Argument(help: "The token's id.") var id: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(try await connection.remote().get("/1.0/tokens/\(PercentEncoding.encode(id))"))
        }
    }

    struct Revoke: Verb {
        static let configuration = CommandConfiguration(abstract: "Revoke a token; the same as `credence revoke token`.")
        @OptionGroup var revocation: TokenRevocation

        func perform() async throws(CommandFailure) {
            try await revocation.perform()
        }
    }
}
