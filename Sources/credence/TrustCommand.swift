import ArgumentParser
import FoundationEssentials
import HTTP
import JOSE

struct TrustCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "The client certificates that the cluster trusts.",
        subcommands: [
            List.self, Add.self, AddCertificate.self, Show.self, Edit.self, Remove.self, Issue.self, ListTokens.self, RevokeToken.self,
        ])

    static func target(_ fingerprint: String) -> String { "/1.0/certificates/\(PercentEncoding.encode(fingerprint))" }
}

/// What an entry says of its holder; shared by all that make or change one.
struct TrustConditions: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: "Administers nothing, and uses the projects of --projects only.") var restricted: Bool?
    @Option(help: "Projects of a restricted one, separated by commas; empty for none.") var projects: String?

    func write(to body: inout JSONObject) {
        if let restricted { body["restricted"] = .bool(restricted) }
        if let projects { body["projects"] = .strings(projects.split(separator: ",").map(String.init)) }
    }
}

extension TrustCommand {
    struct List: Verb {
        static let configuration = CommandConfiguration(abstract: "The trusted certificates, those of members among them.")
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(
                try await connection.remote().get("/1.0/certificates?recursion=1"),
                columns: [
                    .init("FINGERPRINT") { $0["fingerprint"]?.stringValue.map { .string(String($0.prefix(12))) } },
                    .init("TYPE", "type"), .init("NAME", "name"), .init("RESTRICTED", "restricted"), .init("PROJECTS", "projects"),
                    .init("DESCRIPTION", "description"),
                ])
        }
    }

    struct Add: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Make a token with which somebody adds their own certificate. Prints it on standard output, and nothing else there.",
            discussion: "The token is used once, with `lxc remote add`, `incus remote add`, or POST /1.0/certificates and trust_token.")
        @Argument(help: "The name under which its user is trusted.") var name: String
        @OptionGroup var conditions: TrustConditions
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            var body: JSONObject = ["name": .string(name), "type": "client", "token": true]
            conditions.write(to: &body)
            let operation = try await connection.remote().post("/1.0/certificates", body)
            guard let metadata = operation["metadata"] else { throw .refused("the member's answer holds no token") }
            let token: JSONObject = [
                "client_name": .string(name), "fingerprint": metadata["fingerprint"] ?? .null, "addresses": metadata["addresses"] ?? .null,
                "secret": metadata["secret"] ?? .null, "expires_at": metadata["expiresAt"] ?? "0001-01-01T00:00:00Z",
            ]
            let text = Base64.encode(JSON.object(token).encoded())
            let answer: JSONObject = ["name": .string(name), "token": .string(text), "expires_at": metadata["expiresAt"] ?? .null]
            if let shown = connection.format.text(of: .object(answer)) { return Terminal.out(shown) }
            Terminal.error(metadata["expiresAt"].map { "expires \(Table.cell($0))" } ?? "does not expire; revoke it with `credence trust revoke-token`")
            Terminal.out(text)
        }
    }

    struct AddCertificate: Verb {
        static let configuration = CommandConfiguration(abstract: "Trust a certificate from now on, on every member.")
        @Argument(help: "The certificate's file, in PEM.", completion: .file()) var file: String
        @Option(help: "For people. Default: the certificate's common name.") var name: String?
        @Option(help: "client, or metrics for one that reads metrics only.") var type = "client"
        @Option(help: "For people.") var description: String?
        @OptionGroup var conditions: TrustConditions
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            var body: JSONObject = ["type": .string(type), "certificate": .string(try TextFile.read(file))]
            body["name"] = name.map(JSON.string)
            body["description"] = description.map(JSON.string)
            conditions.write(to: &body)
            _ = try await remote.post("/1.0/certificates", body)
        }
    }

    struct Show: Verb {
        static let configuration = CommandConfiguration(abstract: "One certificate.")
        @Argument(help: "Its fingerprint, or the beginning of it.") var fingerprint: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(try await connection.remote().get(TrustCommand.target(fingerprint)))
        }
    }

    struct Edit: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Change what is given of an entry; a new certificate takes it over, and the old one is trusted no more.")
        @Argument(help: "Its fingerprint, or the beginning of it.") var fingerprint: String
        @Option(help: "A new name.") var name: String?
        @Option(help: "A new description.") var description: String?
        @Option(help: "The file of a new certificate, in PEM.", completion: .file()) var certificate: String?
        @OptionGroup var conditions: TrustConditions
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            var body = JSONObject()
            body["name"] = name.map(JSON.string)
            body["description"] = description.map(JSON.string)
            if let certificate { body["certificate"] = .string(try TextFile.read(certificate)) }
            conditions.write(to: &body)
            guard !body.members.isEmpty else {
                throw .usage("nothing to change: give --name, --description, --restricted, --no-restricted, --projects or --certificate")
            }
            _ = try await connection.remote().patch(TrustCommand.target(fingerprint), body)
        }
    }

    struct Remove: Verb {
        static let configuration = CommandConfiguration(abstract: "Trust a certificate no more: neither it nor what its key signed.")
        @Argument(help: "Its fingerprint, or the beginning of it.") var fingerprint: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            _ = try await connection.remote().delete(TrustCommand.target(fingerprint))
        }
    }

    struct Issue: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Sign a client certificate with the cluster's CA for the key of a request, and trust it. Prints it in PEM.")
        @Option(help: "The common name, and that of the entry.") var name: String
        @Option(help: "The file of a PKCS #10 request, in PEM.", completion: .file()) var csr: String
        @Option(help: "Days for which it is valid. Default: 90.") var days: Int64?
        @Option(help: "For people.") var description: String?
        @Option(help: "Where to write the certificate instead.", completion: .file()) var out: String?
        @OptionGroup var conditions: TrustConditions
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            var body: JSONObject = ["name": .string(name), "certificate_request": .string(try TextFile.read(csr))]
            body["days"] = days.map(JSON.integer)
            body["description"] = description.map(JSON.string)
            conditions.write(to: &body)
            let answer = try await remote.post("/1.0/certificates/issue", body)
            guard let pem = answer["certificate"]?.stringValue else { throw .refused("the member's answer holds no certificate") }
            if let out {
                guard FileManager.default.createFile(atPath: out, contents: Data(pem.utf8)) else {
                    throw .refused("the certificate was issued and is trusted, but \(out) cannot be written; `credence trust show \(answer["fingerprint"]?.stringValue?.prefix(12) ?? "")` has it")
                }
            }
            if let text = connection.format.text(of: answer) { return Terminal.out(text) }
            if out == nil { Terminal.out(pem) }
        }
    }

    struct ListTokens: Verb {
        static let configuration = CommandConfiguration(abstract: "The add tokens that nobody has used yet.")
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(
                .array(try await AddTokens.running(connection.remote())),
                columns: [
                    .init("NAME") { $0["metadata"]?["request"]?["name"] }, .init("ID", "id"),
                    .init("RESTRICTED") { $0["metadata"]?["request"]?["restricted"] }, .init("EXPIRES") { $0["metadata"]?["expiresAt"] },
                ])
        }
    }

    struct RevokeToken: Verb {
        static let configuration = CommandConfiguration(abstract: "Make an add token useless.")
        @Argument(help: "Its name, or its id where several share the name.") var name: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            let found = try await AddTokens.running(remote).filter {
                $0["id"]?.stringValue == name || $0["metadata"]?["request"]?["name"]?.stringValue == name
            }
            guard let id = found.first?["id"]?.stringValue else { throw .refused("there is no add token \"\(name)\"; see `credence trust list-tokens`") }
            guard found.count == 1 else { throw .refused("\(found.count) add tokens have the name \"\(name)\"; give the id that `credence trust list-tokens` shows") }
            _ = try await remote.delete("/1.0/operations/\(PercentEncoding.encode(id))")
        }
    }
}

private enum AddTokens {
    /// Join tokens are listed by `credence cluster list-tokens`.
    static func running(_ remote: Remote) async throws(CommandFailure) -> [JSON] {
        let operations = try await remote.get("/1.0/operations?recursion=1")["running"]?.arrayValue ?? []
        return operations.filter { $0["metadata"]?["request"] != nil }
    }
}

/// A small file that a command sends.
enum TextFile {
    static let bytesMax = 64 << 10

    static func read(_ path: String, bytesMax: Int = bytesMax) throws(CommandFailure) -> String {
        guard let data = FileManager.default.contents(atPath: path) else { throw .refused("cannot read \(path)") }
        guard data.count <= bytesMax else { throw .refused("\(path) is larger than \(bytesMax) bytes") }
        return String(decoding: data, as: UTF8.self)
    }
}
