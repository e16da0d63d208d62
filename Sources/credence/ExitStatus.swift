/// What a script sees of how a command ended (docs: "Command line").
enum ExitStatus: Int32 {
    case done = 0
    case refused = 1
    case usage = 2
    case unreachable = 3
    /// `token verify` and `token explain` only.
    case tokenInvalid = 4
}

/// A command that did not do what was asked: one line with the reason and what to do.
struct CommandFailure: Error, Equatable {
    let status: ExitStatus
    let message: String

    static func refused(_ message: String) -> CommandFailure { CommandFailure(status: .refused, message: message) }
    static func usage(_ message: String) -> CommandFailure { CommandFailure(status: .usage, message: message) }
    static func unreachable(_ message: String) -> CommandFailure { CommandFailure(status: .unreachable, message: message) }
    static func tokenInvalid(_ message: String) -> CommandFailure { CommandFailure(status: .tokenInvalid, message: message) }
}
