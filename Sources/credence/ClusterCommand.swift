import ArgumentParser
import Cluster
import HTTP
import HTTPTypes
import JOSE

struct ClusterCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "The members.",
        subcommands: [List.self, Show.self, Status.self, Top.self, Certificate.self, UpdateCertificate.self, RotateAuthority.self, RotateDataKey.self, Add.self, ListTokens.self, RevokeToken.self, Transfer.self, Role.self, Remove.self, Rename.self, Address.self])
}

extension ClusterCommand {
    struct List: Verb {
        static let configuration = CommandConfiguration(abstract: "The members.")
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(
                try await connection.remote().get("/1.0/cluster/members?recursion=1"),
                columns: [
                    .init("NAME", "server_name"), .init("URL", "url"), .init("ROLES", "roles"),
                    .init("STATE", "status"), .init("MESSAGE", "message"),
                ])
        }
    }

    struct Show: Verb {
        static let configuration = CommandConfiguration(abstract: "One member.")
        @Argument(help: "The member's name.") var name: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(
                try await connection.remote().get("/1.0/cluster/members/\(PercentEncoding.encode(name))"))
        }
    }

    struct Status: Verb {
        static let configuration = CommandConfiguration(abstract: "The log, and how far each member is.")
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let status = try await connection.remote().get("/1.0/cluster/status")
            switch connection.format {
            case .json, .yaml: return Terminal.out(connection.format.text(of: status) ?? "")
            case .csv: break
            case .table: Self.headlines(status).forEach(Terminal.out)
            }
            connection.format.show(status["members"] ?? .array([]), columns: Self.columns)
        }

        /// The log in one line, and a line for each thing that keeps the asked member from its work.
        static func headlines(_ status: JSON) -> [String] {
            let log = "leader \(Table.cell(status["leader"])), term \(Table.cell(status["term"])), "
                + "committed \(Table.cell(status["commit_index"])), applied here \(Table.cell(status["applied_index"]))"
            let troubles = ["halted", "out_of_service", "storage_trouble"].compactMap { name in
                status[name]?.stringValue.map { "\(name.replacing("_", with: " ")): \(Table.printable($0))" }
            }
            return [log] + troubles
        }

        static var columns: [Table.Column] {
            [
                .init("NAME", "name"), .init("ROLE", "role"), .init("LEADER", "leader"), .init("STATE", "state"),
                .init("MATCH", "match_index"), .init("LAG", "lag"), .init("AGE MS", "age_ms"), .init("SKEW MS", "clock_skew_ms"),
                .init("VERSION", "version"),
                .init("CERTIFICATE UNTIL") { $0["certificate_expires_at"]?.stringValue.map { .string(String($0.prefix(10))) } },
                .init("ADDRESSES", "addresses"),
            ]
        }
    }

    struct Top: Verb {
        static let configuration = CommandConfiguration(
            abstract: "The same as `cluster status`, again and again, until it is interrupted.")
        @Option(help: "Seconds from one to the next.") var interval = 1
        @Option(help: "End after so many; 0: never.") var count = 0
        @OptionGroup var connection: ConnectionOptions

        private static let intervals = 1...3_600

        func perform() async throws(CommandFailure) {
            guard Self.intervals.contains(interval), count >= 0 else {
                throw .usage("--interval must be \(Self.intervals.lowerBound) to \(Self.intervals.upperBound) seconds, --count 0 or more")
            }
            let remote = try connection.remote()
            var shown = 0
            while true {
                show(await answer(of: remote))
                shown += 1
                if shown == count { return }
                try? await Task.sleep(for: .seconds(interval))
            }
        }

        /// A member that cannot be reached may be back at the next turn: its silence is what somebody watches for.
        private func answer(of remote: Remote) async -> Result<JSON, CommandFailure> {
            do throws(CommandFailure) {
                return .success(try await remote.get("/1.0/cluster/status"))
            } catch {
                return .failure(error)
            }
        }

        private func show(_ answer: Result<JSON, CommandFailure>) {
            let clear = Terminal.isOutputTerminal && connection.format == .table ? "\u{1B}[H\u{1B}[2J" : ""
            switch answer {
            case .failure(let failure): Terminal.out("\(clear)\(failure.message)")
            case .success(let status):
                guard connection.format == .table else { return connection.format.show(status) }
                let table = Table(Status.columns, rows: status["members"]?.arrayValue ?? []).text(Terminal.outputStyle)
                Terminal.out(clear + (Status.headlines(status) + [table]).joined(separator: "\n"))
            }
        }
    }

    struct Certificate: Verb {
        static let configuration = CommandConfiguration(
            abstract: "The certificate that all members present, in PEM: whom a client has to trust.")

        @Flag(help: "The certificate of the CA that signed it, for programs that trust only CAs (nginx, HAProxy).") var authority = false
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let environment = try await connection.remote().get("/1.0")["environment"]
            // In an overlap there are two CAs, and who trusts both notices nothing when it ends.
            let names = authority ? ["certificate_authority", "certificate_authority_next"] : ["certificate"]
            let texts = names.compactMap { environment?[$0]?.stringValue }.filter { !$0.isEmpty }
            guard !texts.isEmpty else {
                throw .refused("the member does not tell its certificate: give a token, or ask as root on a member's machine")
            }
            Terminal.out(texts.map(PEMText.withoutNewlineAtEnd).joined(separator: "\n"))
        }
    }

    struct UpdateCertificate: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Show clients a certificate of your own, on all members; or one of the cluster's CA again.",
            discussion: "Clients that pinned the former certificate must trust the new one. Nobody but you renews your own.")
        @Argument(help: "The certificate in PEM, the leaf first.") var certificate: String?
        @Argument(help: "Its private key in PEM, not encrypted.") var key: String?
        @Flag(help: "A new certificate of the cluster's CA, for the addresses of all members.") var reset = false
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            if reset {
                guard certificate == nil else { throw .usage("either --reset, or a certificate and its key") }
                _ = try await remote.delete("/1.0/cluster/certificate")
            } else {
                guard let certificate, let key else { throw .usage("a certificate and its key are wanted, or --reset") }
                _ = try await remote.call(
                    .put, "/1.0/cluster/certificate",
                    body: [
                        "cluster_certificate": .string(try TextFile.read(certificate)),
                        "cluster_certificate_key": .string(try TextFile.read(key)),
                    ])
            }
            let shown = try await remote.get("/1.0")["environment"]?["certificate_fingerprint"]?.stringValue ?? ""
            Terminal.error("all members show the new certificate; its fingerprint:")
            Terminal.out(shown)
        }
    }

    struct RotateAuthority: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Give the cluster a new CA, and clients time to learn of it.",
            discussion: """
                Members and clients get certificates of the new CA from now on. Until the overlap ends clients see a certificate of \
                the former one: give them what `credence cluster certificate --authority` prints meanwhile, which is both. Then \
                members show one of the new CA by themselves, and the former is forgotten.
                """)
        @Option(help: "Days until the former CA is forgotten, 0 to 90.") var overlap = 30
        @Flag(help: "End an overlap now.") var end = false
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            let answer: JSON
            if end {
                answer = try await remote.delete("/1.0/cluster/authority/former")
            } else {
                guard (0...90).contains(overlap) else { throw .usage("--overlap must be 0 to 90 days") }
                answer = try await remote.post("/1.0/cluster/authority", ["overlap_seconds": .integer(Int64(overlap) * 86_400)])
            }
            if let text = connection.format.text(of: answer) { return Terminal.out(text) }
            if let until = answer["former"]?["overlap_ends_at"]?.stringValue {
                Terminal.error("give clients what `credence cluster certificate --authority` prints, before \(until): then they see a certificate of the new CA, with the fingerprint:")
            } else {
                Terminal.error("clients see a certificate of the new CA, with the fingerprint:")
            }
            Terminal.out(answer["fingerprint"]?.stringValue ?? "")
        }
    }

    struct RotateDataKey: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Seal all secrets of the cluster under a new key, which only the members that there are now can open.",
            discussion: """
                After the removal of a member whose disk is not in your hands: what is sealed from now on its key does not open. \
                What it knew before, it still knows: `credence key rotate` and `credence revoke key` see to the keys that sign.
                """)
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            _ = try await connection.remote().post("/1.0/cluster/data-key", [:])
            Terminal.error("the data key is new, and every secret of the cluster is sealed under it")
        }
    }

    struct Transfer: Verb {
        static let configuration = CommandConfiguration(abstract: "Hand leadership over. Prints the new leader's name.")
        @Argument(help: "The voter that is to lead; by default the one that is furthest along.") var member: String?
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let body: JSONObject = member.map { ["member": .string($0)] } ?? [:]
            let answer = try await connection.remote().post("/1.0/cluster/leader", body)
            if let text = connection.format.text(of: answer) { return Terminal.out(text) }
            Terminal.out(answer["leader"]?.stringValue ?? "")
        }
    }

    struct Role: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Say whether a member votes: voter, replica, or automatic (a voter when one is needed).")
        @Argument(help: "The member's name.") var name: String
        @Argument(help: "voter, replica or automatic.") var role: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            _ = try await connection.remote().patch(ClusterCommand.path(name), ["role": .string(role)])
            Terminal.error("\(name) is set to \(role); the leader brings it about, one member at a time (`credence cluster status`)")
        }
    }

    struct Remove: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Remove a member, also a dead one or the leader. Its key opens nothing from then on.",
            discussion: """
                Refused when too few of the remaining voters are within reach to go on. A replica, if there is one, takes over \
                the vote. The machine can come back with an emptied data directory and a new join token, under the same name too.
                """)
        @Argument(help: "The member's name.") var name: String
        @Flag(help: "Do not ask.") var yes = false
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            let before = try await ClusterCommand.members(remote)
            guard before.contains(where: { $0["name"]?.stringValue == name }) else {
                throw .refused("Cluster member not found; see `credence cluster list`")
            }
            if !yes { try Terminal.confirm("Remove \(name) from the cluster? Its data directory is of no use afterwards.") }
            _ = try await remote.delete(ClusterCommand.path(name))
            Terminal.error("\(name) is removed. Its disk still holds the cluster's keys: if that machine is not in your hands, `credence key rotate` and `credence revoke key`")
            // The member that answered may be the one that is gone.
            guard let members = try? await ClusterCommand.members(remote) else { return }
            let voters = members.count { $0["role"]?.stringValue == "voter" }
            if voters > 0, voters < 3, voters.isMultiple(of: 2) {
                Terminal.error("\(voters) voters remain: none of them may fail. Add a member: credence cluster add NAME")
            }
        }
    }

    struct Rename: Verb {
        static let configuration = CommandConfiguration(abstract: "Give a member another name.")
        @Argument(help: "The member's name.") var name: String
        @Argument(help: "Its new name.") var newName: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            _ = try await connection.remote().post(ClusterCommand.path(name), ["server_name": .string(newName)])
            Terminal.error("\(name) is \(newName) now")
        }
    }

    struct Address: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Say where a member is reached, when it has moved.",
            discussion: "A member that is started with --advertise tells the cluster by itself.")
        @Argument(help: "The member's name.") var name: String
        @Argument(help: "HOST:PORT, the preferred one first.") var addresses: [String]
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            _ = try await connection.remote().patch(ClusterCommand.path(name), ["addresses": .strings(addresses)])
            Terminal.error("\(name) is at \(addresses.joined(separator: ", "))")
        }
    }

    fileprivate static func path(_ name: String) -> String { "/1.0/cluster/members/\(PercentEncoding.encode(name))" }

    fileprivate static func members(_ remote: Remote) async throws(CommandFailure) -> [JSON] {
        try await remote.get("/1.0/cluster/status")["members"]?.arrayValue ?? []
    }

    struct Add: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Make a join token for a new member. Prints it on standard output, and nothing else there.")

        @Argument(help: "The name the new member will have.") var name: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let operation = try await connection.remote().post("/1.0/cluster/members", ["server_name": .string(name)])
            let token = try Self.joinToken(of: operation)
            let expiresAt = RFC3339.text(token.expiresAt)
            let shown: JSON = [
                "name": .string(token.serverName), "token": .string(token.text), "expires_at": .string(expiresAt),
            ]
            if let text = connection.format.text(of: shown) { return Terminal.out(text) }
            Terminal.error("for \(name), once, until \(expiresAt): credence serve --join TOKEN")
            Terminal.out(token.text)
        }

        /// The client builds the token's text, as Incus has it.
        static func joinToken(of operation: JSON) throws(CommandFailure) -> JoinToken {
            let metadata = operation["metadata"]
            guard let name = metadata?["serverName"]?.stringValue,
                let fingerprint = metadata?["fingerprint"]?.stringValue, let secret = metadata?["secret"]?.stringValue,
                let addresses = metadata?["addresses"]?.arrayValue?.compactMap(\.stringValue),
                let expiresAt = metadata?["expiresAt"]?.stringValue.flatMap({ RFC3339.seconds($0) })
            else { throw .refused("the member answered with an operation that is no join token; do the versions differ?") }
            return JoinToken(
                serverName: name, fingerprint: fingerprint, addresses: addresses, secret: secret, expiresAt: expiresAt)
        }
    }

    struct ListTokens: Verb {
        static let configuration = CommandConfiguration(abstract: "The join tokens that can still be used.")
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            connection.format.show(
                .array(try await Self.operations(connection.remote())),
                columns: [
                    .init("NAME") { $0["metadata"]?["serverName"] }, .init("ID", "id"),
                    .init("EXPIRES") { $0["metadata"]?["expiresAt"] },
                ])
        }

        static func operations(_ remote: Remote) async throws(CommandFailure) -> [JSON] {
            let byStatus = try await remote.get("/1.0/operations?recursion=1")
            return (byStatus["running"]?.arrayValue ?? []).filter { $0["metadata"]?["serverName"] != nil }
        }
    }

    struct RevokeToken: Verb {
        static let configuration = CommandConfiguration(abstract: "Make a join token useless.")
        @Argument(help: "The name the new member would have had.") var name: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            let operations = try await ListTokens.operations(remote)
            guard let id = operations.first(where: { $0["metadata"]?["serverName"]?.stringValue == name })?["id"]?.stringValue
            else { throw .refused("there is no join token for \(name); see `credence cluster list-tokens`") }
            _ = try await remote.delete("/1.0/operations/\(PercentEncoding.encode(id))")
            Terminal.error("the join token for \(name) is revoked")
        }
    }
}
