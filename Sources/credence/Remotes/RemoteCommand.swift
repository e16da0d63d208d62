import API
import ArgumentParser
import Crypto
import EventLoop
import HTTP
import JOSE
import TLS

struct RemoteCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "remote", abstract: "Clusters that commands know by name, for --remote NAME.",
        subcommands: [Add.self, List.self, Remove.self])
}

extension RemoteCommand {
    struct Add: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Know a cluster by a name from now on, by an add token (`credence trust add`) or by its address.",
            discussion: """
                With an add token this user's own key, which is made when there is none, is trusted by the cluster from then on, and the \\
                token tells whom to expect. With an address the fingerprint of the cluster's certificate is shown and must be confirmed, \\
                here or by --fingerprint; --token - keeps a bearer token for it.
                """)
        @Argument(help: "The name.") var name: String
        @Argument(help: "An add token, https://HOST:PORT, or - to read an add token from standard input.") var source: String
        @Option(help: "SHA-256 of the cluster's certificate, instead of being asked.") var fingerprint: String?
        @Option(help: "A bearer token to keep for it; - reads it from standard input.") var token: String?
        @Flag(help: "Replace a remote of this name.") var force = false

        func perform() async throws(CommandFailure) {
            let store = RemoteStore()
            guard !name.isEmpty, name.utf8.count <= 64, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw .usage("a remote's name is 1 to 64 visible ASCII characters")
            }
            let isTaken = try store.entries().contains { $0.name == name }
            guard force || !isTaken else {
                throw .refused("there is a remote \(name) already; --force replaces it")
            }
            let text = try TokenArgument.read(source)
            if let grant = AddTokenText(text) {
                guard token == nil else { throw .usage("either an add token, or an address and --token") }
                try await add(by: grant, to: store)
            } else {
                try await add(at: ConnectionOptions.hostPort(text), to: store)
            }
        }

        /// The first member that answers as the token says redeems it; the others would only say that it was used.
        private func add(by grant: AddTokenText, to store: RemoteStore) async throws(CommandFailure) {
            let identity = try store.makeIdentity()
            var last = CommandFailure.unreachable("the add token names no address")
            for address in grant.addresses {
                let entry = RemoteStore.Entry(name: name, addresses: [address], fingerprint: grant.fingerprint, authority: nil, token: nil)
                let remote = try Self.remote(entry, at: address, identity)
                do throws(CommandFailure) {
                    _ = try await remote.post("/1.0/certificates", ["trust_token": .string(grant.text)])
                } catch {
                    guard error.status == .unreachable else { throw error }
                    last = error
                    continue
                }
                return try await finish(entry, grant.addresses, remote, in: store)
            }
            throw last
        }

        private func add(at address: String, to store: RemoteStore) async throws(CommandFailure) {
            let bearer = try token.map { (text) throws(CommandFailure) in try TokenArgument.read(text) }
            let shown = try await Self.shownCertificate(at: address)
            if let fingerprint {
                guard ConnectionOptions.normalizedFingerprint(fingerprint) == shown else {
                    throw .refused("\(address) shows a certificate with the SHA-256 \(shown), and not the one that --fingerprint names")
                }
            } else {
                try Terminal.confirm("\(address) shows a certificate with the SHA-256\n\(shown)\nIs that the cluster's (a member logs it when it starts)?", unasked: "--fingerprint")
            }
            let entry = RemoteStore.Entry(name: name, addresses: [address], fingerprint: shown, authority: nil, token: bearer)
            let identity = bearer == nil ? try store.makeIdentity() : nil
            try await finish(entry, [address], try Self.remote(entry, at: address, identity), in: store)
        }

        /// Kept only once the cluster answers as one that trusts this user, or told him that it does not.
        private func finish(
            _ entry: RemoteStore.Entry, _ addresses: [String], _ remote: Remote, in store: RemoteStore
        ) async throws(CommandFailure) {
            let server = try await remote.get("/1.0")
            var entry = entry
            entry.addresses = addresses
            if let pem = server["environment"]?["certificate_authority"]?.stringValue, let authority = try? Certificate(pem: pem) {
                entry.authority = authority.fingerprint
            }
            try store.put(entry)
            if server["auth"]?.stringValue == "trusted" {
                Terminal.error("\(name) is added; for example: credence cluster status --remote \(name)")
            } else {
                Terminal.error("\(name) is added, but it does not trust this user yet: on a member run `credence trust add NAME`, then add it here with that token and --force")
            }
        }

        private static func remote(_ entry: RemoteStore.Entry, at address: String, _ identity: TLSIdentity?) throws(CommandFailure) -> Remote {
            Remote(name: address, endpoint: try RemoteEndpoint.of(address, identity, entry.verification(at: WallClock.nowSeconds())), token: entry.token)
        }

        /// Whatever certificate the server shows; nothing is sent to it.
        private static func shownCertificate(at address: String) async throws(CommandFailure) -> String {
            let shown = ShownCertificate()
            let endpoint = try RemoteEndpoint.of(address, nil, .custom { chain in
                shown.note(chain.first?.fingerprint)
                return false
            })
            do throws(CommandFailure) {
                _ = try await Remote(name: address, endpoint: endpoint, token: nil).get("/1.0")
            } catch {
                guard let fingerprint = shown.fingerprint else { throw error }
                return fingerprint
            }
            throw .unreachable("\(address) does not answer as Credence does; is it the right port?")
        }
    }

    struct List: Verb {
        static let configuration = CommandConfiguration(abstract: "The clusters that are known by a name.")
        @Option(help: "table, json, yaml or csv.") var format: OutputFormat = .table

        func perform() async throws(CommandFailure) {
            format.show(
                .array(try RemoteStore().entries().map(\.shown)),
                columns: [
                    .init("NAME", "name"), .init("ADDRESSES", "addresses"), .init("AUTHENTICATION", "authentication"),
                    .init("FINGERPRINT") { $0["fingerprint"]?.stringValue.map { .string(String($0.prefix(12))) } },
                ])
        }
    }

    struct Remove: Verb {
        static let configuration = CommandConfiguration(abstract: "Forget a cluster. It goes on trusting this user's key until it is removed there.")
        @Argument(help: "The name.") var name: String

        func perform() async throws(CommandFailure) {
            let store = RemoteStore()
            _ = try store.entry(named: name)
            try store.remove(name)
            Terminal.error("\(name) is forgotten")
        }
    }
}
