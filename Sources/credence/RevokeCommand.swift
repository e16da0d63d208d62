import ArgumentParser
import HTTP
import HTTPTypes
import JOSE

struct RevokeCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Make every member refuse something from now on.", subcommands: [Token.self, Tokens.self, Subject.self, Key.self, Certificate.self, Everything.self])

    struct Token: Verb {
        static let configuration = CommandConfiguration(abstract: "Revoke a token.")
        @OptionGroup var revocation: TokenRevocation

        func perform() async throws(CommandFailure) {
            try await revocation.perform()
        }
    }

    struct Tokens: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Revoke many tokens by their ids, one a line.",
            discussion: "Safe to run again when it was interrupted: what is revoked stays revoked.")
        @Argument(help: "A file with an id on each line.", completion: .file()) var file: String
        @OptionGroup var options: RevocationOptions

        private static let fileBytesMax = 256 << 20
        /// In one request: what its body and its list may hold.
        private static let batchBytesMax = 8_000_000
        private static let batchCountMax = 100_000

        func perform() async throws(CommandFailure) {
            let ids = try TextFile.read(file, bytesMax: Self.fileBytesMax).split(whereSeparator: \.isNewline).map(String.init)
            guard !ids.isEmpty else { throw .usage("\(file) holds no token ids") }
            let remote = try options.connection.remote()
            let progress = Progress("revoking", of: ids.count)
            var done = 0
            while done < ids.count {
                let batch = Self.batch(ids[done...])
                var body: JSONObject = ["token_ids": .strings(batch)]
                body["reason"] = options.reason.map(JSON.string)
                // The last one waits for all: entries take effect in their order.
                if done + batch.count == ids.count { body["wait"] = options.wait.map(JSON.string) }
                let watch = Task { [done] in await Self.watch(remote, progress, from: done, to: done + batch.count) }
                defer { watch.cancel() }
                _ = try await remote.postLong("/1.0/revocations", body)
                done += batch.count
                progress.show(done)
            }
            progress.end()
            Terminal.error("\(ids.count) tokens are revoked")
        }

        /// While one request revokes many, the member's count of them shows how far it has come: roughly, as others revoke too.
        private static func watch(_ remote: Remote, _ progress: Progress, from done: Int, to end: Int) async {
            guard progress.isShown, let before = await revokedCount(remote) else { return }
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(500))
                guard let now = await revokedCount(remote), !Task.isCancelled else { return }
                progress.show(min(done + max(0, now - before), end))
            }
        }

        private static func revokedCount(_ remote: Remote) async -> Int? {
            let name = #"credence_stored{kind="revoked_tokens"} "#
            var fields = HTTPFields()
            if let token = remote.token { fields[.authorization] = "Bearer \(token)" }
            let answer = try? await remote.send(ClientRequest(method: .get, target: "/1.0/metrics", fields: fields))
            let lines = answer.map { String(decoding: $0.body, as: UTF8.self).split(separator: "\n") } ?? []
            return lines.first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) }
        }

        private static func batch(_ ids: ArraySlice<String>) -> [String] {
            var bytes = 0
            // Quotes and a comma around each.
            return Array(ids.prefix(batchCountMax).prefix { id in
                bytes += id.utf8.count + 3
                return bytes <= batchBytesMax
            })
        }
    }

    struct Subject: Verb {
        static let configuration = CommandConfiguration(abstract: "Revoke all tokens of a subject that were issued until now.")
        @Argument(help: "Whom the tokens speak for.") var subject: String
        @Option(help: "Unix time; only what was issued in that second or earlier.") var before: Int64?
        @OptionGroup var options: RevocationOptions

        func perform() async throws(CommandFailure) {
            var body: JSONObject = ["subject": .string(subject)]
            body["before"] = before.map(JSON.integer)
            try await options.revoke(body)
        }
    }

    struct Key: Verb {
        static let configuration = CommandConfiguration(abstract: "Retire a signing key at once: all that it signed is refused, for good.")
        @Argument(help: "The key's id.") var id: String
        @OptionGroup var options: RevocationOptions

        func perform() async throws(CommandFailure) {
            try await options.revoke(["key_id": .string(id)])
        }
    }

    struct Certificate: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a client certificate: its connections, what its key signed, and tokens bound to it.")
        @Argument(help: "Its fingerprint, or its file in PEM.", completion: .file()) var certificate: String
        @OptionGroup var options: RevocationOptions

        func perform() async throws(CommandFailure) {
            let isFile = certificate.contains("/") || certificate.contains(".")
            try await options.revoke(["certificate": .string(isFile ? try TextFile.read(certificate) : certificate)])
        }
    }

    struct Everything: Verb {
        static let configuration = CommandConfiguration(abstract: "Revoke every token that was issued up to a time, whoever signed it.")
        @Option(help: "Unix time; what was issued in that second or earlier.") var before: Int64
        @OptionGroup var options: RevocationOptions

        func perform() async throws(CommandFailure) {
            try await options.revoke(["before": .integer(before)])
        }
    }
}

/// What `revoke token` and `token revoke` have in common: everything.
struct TokenRevocation: ParsableArguments {
    @Argument(help: "The token, its id (jti), or - to read either from standard input.") var token: String
    @OptionGroup var options: RevocationOptions

    func perform() async throws(CommandFailure) {
        try await options.revoke(try body())
    }

    func body() throws(CommandFailure) -> JSONObject {
        let text = try TokenArgument.read(token)
        return [TokenArgument.looksLikeToken(text) ? "token" : "token_id": .string(text)]
    }
}

/// What every revocation takes.
struct RevocationOptions: ParsableArguments {
    @Option(help: "Why, for the record.") var reason: String?
    @Option(help: "committed (default): a majority has it on disk; everywhere: no member accepts it any more.") var wait: String?
    @OptionGroup var connection: ConnectionOptions

    func revoke(_ what: JSONObject) async throws(CommandFailure) {
        var body = what
        body["reason"] = reason.map(JSON.string)
        body["wait"] = wait.map(JSON.string)
        let revocation = try await connection.remote().post("/1.0/revocations", body)
        let index = Table.cell(revocation["index"])
        if let text = connection.format.text(of: revocation) {
            Terminal.out(text)
        } else {
            Terminal.error("revoked at index \(index)")
            if let members = revocation["members"] {
                connection.format.show(members, columns: [.init("MEMBER", "name"), .init("REFUSES BECAUSE", "reason")])
            }
        }
        guard wait == "everywhere", revocation["effective_everywhere"]?.boolValue != true else { return }
        throw .refused(
            "revoked at index \(index), but not every member is known to refuse it yet; look at `credence cluster status`, and run this again")
    }
}

struct RevocationCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "revocation", abstract: "What is revoked.", subcommands: [List.self, Remove.self])

    struct List: Verb {
        static let configuration = CommandConfiguration(abstract: "The revocations, oldest first.")
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(
                try await connection.remote().list("/1.0/revocations"),
                columns: [
                    .init("ID", "id"), .init("KIND", "kind"),
                    .init("WHAT") { $0["token_id"] ?? $0["subject"] ?? $0["certificate"] ?? $0["key_id"] },
                    .init("ISSUED UP TO", "before"), .init("REVOKED", "created_at"),
                    .init("BY", "created_by"), .init("REASON", "reason"),
                ])
        }
    }

    struct Remove: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Withdraw the revocation of a subject or a certificate. A revoked token stays revoked.")
        @Argument(help: "The revocation's id.") var id: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            _ = try await connection.remote().delete("/1.0/revocations/\(PercentEncoding.encode(id))")
        }
    }
}
