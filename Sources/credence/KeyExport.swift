import ArgumentParser
import HTTP
import JOSE

extension KeyCommand {
    struct Export: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Print the public half of a key, for programs that verify tokens themselves. No command prints a private half.",
            discussion: "Most programs should rather read all keys from /.well-known/jwks.json, which changes by itself when a key does.")

        @Argument(help: "The key's id. Default: the key that signs tokens of --algorithm.") var id: String?
        @Option(help: "Of which algorithm, without an id.") var algorithm = "ES256"
        @Option(name: .customLong("as"), help: "pem or jwk.") var form: Form = .pem
        @OptionGroup var connection: ConnectionOptions

        enum Form: String, ExpressibleByArgument, CaseIterable {
            case pem, jwk
        }

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            let key = try await remote.get("/1.0/keys/\(PercentEncoding.encode(try await chosen(remote)))")
            switch form {
            case .jwk: Terminal.out(try Self.half(key, "jwk").encodedString)
            case .pem: Terminal.out(PEMText.withoutNewlineAtEnd(try Self.half(key, "pem").stringValue ?? ""))
            }
        }

        private func chosen(_ remote: Remote) async throws(CommandFailure) -> String {
            if let id { return id }
            let keys = try await remote.get("/1.0/keys").arrayValue ?? []
            let active = keys.last { $0["algorithm"]?.stringValue == algorithm && $0["state"]?.stringValue == "active" }
            guard let id = active?["id"]?.stringValue else {
                throw .refused("no key signs \(algorithm) tokens (credence key list shows those there are)")
            }
            return id
        }

        private static func half(_ key: JSON, _ name: String) throws(CommandFailure) -> JSON {
            guard let half = key[name] else {
                throw .refused("a key for \(Table.cell(key["algorithm"])) is a shared secret and has no public half; it leaves no member")
            }
            return half
        }
    }
}
