import ArgumentParser

@main
enum Main {
    static func main() async {
        Terminal.exit(await Invocation.run(Array(CommandLine.arguments.dropFirst())))
    }
}

/// From arguments to an exit status.
enum Invocation {
    static func run(_ arguments: [String]) async -> ExitStatus {
        let command: any ParsableCommand
        do {
            command = try Credence.parseAsRoot(IdentifierArgument.protected(arguments))
        } catch {
            if Credence.exitCode(for: error) != .success, let mistyped = MistypedCommand(arguments) {
                Terminal.error("\(Terminal.errorStyle.paint("Error:", .red)) \(mistyped.message)")
                return .usage
            }
            return report(parsing: error)
        }
        if command is any Noun {
            Terminal.error(type(of: command).helpMessage())
            return .usage
        }
        guard let verb = command as? any Verb else { return runBuiltIn(command) }
        do throws(CommandFailure) {
            try await verb.perform()
            return .done
        } catch {
            Terminal.error("\(Terminal.errorStyle.paint("Error:", .red)) \(error.message)")
            return error.status
        }
    }

    /// `help` and `--help` come from ArgumentParser as commands of their own.
    private static func runBuiltIn(_ command: any ParsableCommand) -> ExitStatus {
        var command = command
        do {
            try command.run()
            return .done
        } catch {
            return report(parsing: error)
        }
    }

    /// Help goes to standard output and is a success; everything else that does not parse is usage.
    private static func report(parsing error: any Error) -> ExitStatus {
        let message = Credence.fullMessage(for: error)
        if Credence.exitCode(for: error) == .success {
            Terminal.out(message)
            return .done
        }
        Terminal.error(message)
        return .usage
    }
}

/// A command that only groups others; alone it is half a sentence.
protocol Noun: ParsableCommand {}

/// A command that does something.
protocol Verb: ParsableCommand {
    func perform() async throws(CommandFailure)
}
