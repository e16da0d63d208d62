import ArgumentParser
import HTTP
import JOSE

extension KeyCommand {
    struct Export: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Print the public half of a key, for programs that verify tokens themselves. No command prints a private half.")

        @Argument(help: "The key's id.") var id: String
        @Option(name: .customLong("as"), help: "jwk or pem.") var form: Form = .jwk
        @OptionGroup var connection: ConnectionOptions

        enum Form: String, ExpressibleByArgument, CaseIterable {
            case jwk, pem
        }

        func perform() async throws(CommandFailure) {
            let key = try await connection.remote().get("/1.0/keys/\(PercentEncoding.encode(id))")
            switch form {
            case .jwk: Terminal.out(try Self.half(key, "jwk").encodedString)
            case .pem: Terminal.out(String(try Self.half(key, "pem").stringValue?.dropLast() ?? ""))
            }
        }

        private static func half(_ key: JSON, _ name: String) throws(CommandFailure) -> JSON {
            guard let half = key[name] else {
                throw .refused("a key for \(Table.cell(key["algorithm"])) is a shared secret and has no public half; it leaves no member")
            }
            return half
        }
    }
}
