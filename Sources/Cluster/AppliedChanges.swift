package import Raft
package import TrustStore

/// A command that has taken effect here, or was refused by the state.
package struct AppliedCommand: Sendable {
    package let index: LogIndex
    package let command: Command
    package let outcome: CommandOutcome
}

/// What one step of the log changed, told when this member's view has it.
package struct AppliedChanges: Sendable {
    /// Entries in between that are no commands have no place in `commands`.
    package let first: LogIndex
    package let through: LogIndex
    package let commands: [AppliedCommand]
}
