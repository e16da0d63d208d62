import Subprocess

/// A short-lived program that was run to its end.
struct Command: Sendable {
    /// The exit code; nil when a signal ended it.
    let exitCode: Int32?
    let output: String
    let errorOutput: String

    /// What it printed, without the newline at the end.
    var line: String { String(output.trimmingSuffix(while: \.isNewline)) }

    /// Everything that it said, for a failed expectation's text.
    var transcript: String {
        "exit code \(exitCode.map(String.init) ?? "none (a signal)")\n--- stdout\n\(output)\n--- stderr\n\(errorOutput)"
    }

    /// Runs a program found in PATH. `timeout` bounds every wait: it answers 124 for a program that hangs.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String?] = [:], input: String? = nil,
        secondsMax: Int = 60
    ) async throws -> Command {
        let configuration = Configuration(
            executable: .name("timeout"), arguments: Arguments(["\(secondsMax)", program] + arguments),
            environment: .inheriting(environment))
        let output = StringOutput<UTF8>.string(limit: 8 << 20)
        if let input {
            let result = try await Subprocess.run(configuration, input: .string(input), output: output, error: output)
            return Command(result.terminationStatus, result.standardOutput, result.standardError)
        }
        let result = try await Subprocess.run(configuration, input: .none, output: output, error: output)
        return Command(result.terminationStatus, result.standardOutput, result.standardError)
    }

    private init(_ status: TerminationStatus, _ output: String, _ errorOutput: String) {
        if case .exited(let code) = status { exitCode = code } else { exitCode = nil }
        self.output = output
        self.errorOutput = errorOutput
    }
}

extension Environment {
    /// This process's environment, with these set, or removed where nil.
    static func inheriting(_ changes: [String: String?]) -> Environment {
        var updates: [Key: String?] = [:]
        for (name, value) in changes {
            if let key = Key(rawValue: name) { updates[key] = value }
        }
        return .inherit.updating(updates)
    }
}

extension StringProtocol {
    func trimmingSuffix(while isDropped: (Character) -> Bool) -> SubSequence {
        var rest = self[...]
        while let last = rest.last, isDropped(last) { rest.removeLast() }
        return rest
    }
}
