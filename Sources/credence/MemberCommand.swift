import ArgumentParser
import JOSE

struct MemberCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "member", abstract: "One member: while it runs, and what is left of it.", subcommands: [Heal.self, Recover.self, Wipe.self, Rekey.self])
}

extension MemberCommand {
    struct Heal: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Replace this member's log and state by its leader's snapshot, when they were found to differ.")
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            _ = try await connection.remote().post("/1.0/cluster/heal", [:])
            Terminal.error("the snapshot has been asked for; `credence cluster status` says how far it is")
        }
    }
}
