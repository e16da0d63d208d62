import API
import ArgumentParser

struct Credence: Noun {
    static let configuration = CommandConfiguration(
        commandName: "credence",
        abstract: "A clustered auth store: every member verifies the same tokens, and a revocation holds on all of them.",
        version: "credence \(Build.version)",
        subcommands: [
            Init.self, Serve.self, TokenCommand.self, AuthCommand.self, KeyCommand.self, TrustCommand.self, AuthorityCommand.self, RevokeCommand.self,
            RevocationCommand.self, ClusterCommand.self, MemberCommand.self, ConfigCommand.self, AuditCommand.self, EventsCommand.self, SnapshotCommand.self, RemoteCommand.self, Doctor.self,
             CompletionCommand.self, ManualCommand.self,
        ])
}
