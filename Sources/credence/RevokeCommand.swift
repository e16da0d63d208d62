import ArgumentParser
import JOSE

struct RevokeCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Make every member refuse something from now on.", subcommands: [Token.self])

    struct Token: Verb {
        static let configuration = CommandConfiguration(abstract: "Revoke a token.")
        @OptionGroup var revocation: TokenRevocation

        func perform() async throws(CommandFailure) {
            try await revocation.perform()
        }
    }
}

/// What `revoke token` and `token revoke` have in common: everything.
struct TokenRevocation: ParsableArguments {
    @Argument(help: "The token, its id (jti), or - to read either from standard input.") var token: String
    @Option(help: "Why, for the record.") var reason: String?
    @Option(help: "committed (default): a majority has it on disk; everywhere: no member accepts the token any more.")
    var wait: String?
    @OptionGroup var connection: ConnectionOptions

    func perform() async throws(CommandFailure) {
        let revocation = try await connection.remote().post("/1.0/revocations", try body())
        let index = Table.cell(revocation["index"])
        if connection.format == .json {
            Terminal.out(revocation.encodedString)
        } else {
            Terminal.error("revoked at index \(index)")
            if let members = revocation["members"] {
                connection.format.show(members, columns: [.init("MEMBER", "name"), .init("REFUSES BECAUSE", "reason")])
            }
        }
        guard wait == "everywhere", revocation["effective_everywhere"]?.boolValue != true else { return }
        throw .refused(
            "revoked at index \(index), but not every member is known to refuse the token yet; look at `credence cluster status`, and run this again")
    }

    func body() throws(CommandFailure) -> JSONObject {
        let text = try TokenArgument.read(token)
        var body: JSONObject = [TokenArgument.looksLikeToken(text) ? "token" : "token_id": .string(text)]
        body["reason"] = reason.map(JSON.string)
        body["wait"] = wait.map(JSON.string)
        return body
    }
}

struct RevocationCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "revocation", abstract: "What is revoked.", subcommands: [List.self])

    struct List: Verb {
        static let configuration = CommandConfiguration(abstract: "The revocations, oldest first.")
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(
                try await connection.remote().list("/1.0/revocations"),
                columns: [
                    .init("ID", "id"), .init("TOKEN ID", "token_id"), .init("REVOKED", "created_at"),
                    .init("BY", "created_by"), .init("REASON", "reason"),
                ])
        }
    }
}
