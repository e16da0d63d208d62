import ArgumentParser
import EventLoop
import JOSE
import Tokens

/// The verbs of Forest and Lotus, for their users' hands and scripts.
struct AuthCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "auth", abstract: "Make tokens as Forest and Lotus do.", subcommands: [CreateToken.self, ApiInfo.self])
}

/// What both verbs ask for.
struct NodeTokenOptions: ParsableArguments {
    @Option(name: [.customShort("p"), .long], help: "\(NodeTokenRequest.permissions.joined(separator: ", ")). Each includes those before it.") var perm: String
    @Option(
        name: [.customLong("exp"), .customLong("expire-in")],
        help: "Lifetime: seconds, or with a unit (30m, 12h, 60d). Default: the longest that the cluster allows.")
    var exp: String?

    /// What `Filecoin.AuthNew` takes.
    func params() throws(CommandFailure) -> JSON {
        guard let permissions = NodeTokenRequest.permissions(upTo: perm) else {
            throw .usage("--perm must be one of \(NodeTokenRequest.permissions.joined(separator: ", "))")
        }
        guard let exp else { return [.strings(permissions)] }
        return [.strings(permissions), .integer(try Lifetime.seconds(exp, option: "--exp"))]
    }

    func token(from remote: Remote) async throws(CommandFailure) -> String {
        let result = try await remote.rpc("Filecoin.AuthNew", try params())
        guard let bytes = result.stringValue.flatMap(Base64.decode) else {
            throw .unreachable("\(remote.name) does not answer as Credence does; is it the right port?")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension AuthCommand {
    struct CreateToken: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Make a token with a permission and an end. Prints it on standard output, and nothing else there.")

        @OptionGroup var options: NodeTokenOptions
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let token = try await options.token(from: try connection.remote())
            Terminal.out(connection.format.text(of: .object(["token": .string(token)])) ?? token)
        }
    }

    struct ApiInfo: Verb {
        static let configuration = CommandConfiguration(
            commandName: "api-info", abstract: "Make a token and print it with a member's address, as the variable that every command reads.")

        @OptionGroup var options: NodeTokenOptions
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            // First, so that no token is made that then cannot be printed.
            let server = try await remote.get("/1.0")["environment"] ?? .null
            let address = try Self.address(of: remote, server)
            let info = APIInfo(token: try await options.token(from: remote), address: address)
            let fingerprint = server["certificate_fingerprint"]?.stringValue ?? ""
            let answer: JSON = .object(["api_info": .string(info.text), "fingerprint": .string(fingerprint)])
            if let text = connection.format.text(of: answer) { return Terminal.out(text) }
            Terminal.out("\(APIInfo.variable)=\(info.text)")
            Terminal.error("set CREDENCE_FINGERPRINT=\(Table.printable(fingerprint)) too: a token is sent only to the cluster that it is for")
        }

        /// Where this command just reached it, or, over the Unix socket, where it tells others to reach it.
        static func address(of remote: Remote, _ server: JSON) throws(CommandFailure) -> Multiaddr {
            let advertised = server["addresses"]?.arrayValue?.first?.stringValue
            let reached = ConnectionOptions.hostPort(remote.name)
            for text in [reached, advertised].compactMap(\.self) {
                if let target = try? HostPort(parsing: text) { return Multiaddr(target) }
            }
            throw .refused("the member at \(remote.name) advertises no address; name one by --address")
        }
    }
}
